/** A receiver of webhooks in a process of its own: answers 204 to every delivery, and prints the count every 50 ms. */
import { createServer } from "node:http"

let received = 0
const server = createServer((request, response) => {
  request.resume()
  request.on("end", () => {
    received++
    response.writeHead(204).end()
  })
})
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  if (address !== null && typeof address === "object") console.log(`port ${address.port}`)
  setInterval(() => console.log(received), 50)
})

/**
 * A connection inside the process: two sockets, of which each reads what the other one writes.
 *
 * Node's HTTP server and client take any duplex stream for a socket. These count bytes and have an address, as the
 * sockets of a network do, because limits and sessions read them.
 */
import { Duplex } from "node:stream"

type Callback = (error?: Error | null) => void

const closed = (): Error => Object.assign(new Error("the connection was closed"), { code: "EPIPE" })

/** One end of a connection. A write is done once the other end wants to read more. */
class LocalSocket extends Duplex {
  /** The bytes that were read from the other end. */
  bytesRead = 0
  readonly remoteAddress: string
  #peer: LocalSocket | undefined
  #written = 0
  /** The write of the other end that is not done, because this end has enough to read. */
  #waiting: Callback | undefined

  constructor(remoteAddress: string) {
    super()
    this.remoteAddress = remoteAddress
  }

  /** The bytes that were written, those not sent yet too, as of a socket of Node. */
  get bytesWritten(): number {
    return this.#written + this.writableLength
  }

  connect(peer: LocalSocket): void {
    this.#peer = peer
  }

  /** Destroys the socket once everything that was written is sent. */
  destroySoon(): void {
    if (this.writableFinished) this.destroy()
    else this.end(() => this.destroy())
  }

  override _read(): void {
    this.#release()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    const peer = this.#peer!
    if (peer.destroyed || peer.readableEnded) return callback(closed())
    const done: Callback = (error) => {
      if (error == null) this.#written += chunk.length
      callback(error)
    }
    peer.bytesRead += chunk.length
    if (peer.push(chunk)) done()
    else peer.#waiting = done
  }

  override _final(callback: Callback): void {
    this.#end()
    callback()
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.#release(closed())
    this.#end()
    callback(error)
  }

  /** The other end reads to the end of what was written, and then finds that there is no more. */
  #end(): void {
    const peer = this.#peer!
    if (!peer.destroyed && !peer.#hasAll) peer.push(null)
    peer.#hasAll = true
  }

  #hasAll = false

  #release(error?: Error): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.(error)
  }
}

/** A new connection: the end of the client, whose address is given, and the end of the server. */
export const make = (clientAddress: string): { readonly client: Duplex; readonly server: Duplex } => {
  const client = new LocalSocket("127.0.0.1")
  const server = new LocalSocket(clientAddress)
  client.connect(server)
  server.connect(client)
  return { client, server }
}

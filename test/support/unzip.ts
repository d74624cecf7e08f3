/** Reads a ZIP back with a reader that has no code in common with its writer. */
import { fromBuffer } from "yauzl"

/** The bytes of each entry, by its name, in the order of the ZIP. Fails for a ZIP that is not valid. */
export const unzip = async (bytes: Uint8Array): Promise<ReadonlyMap<string, Buffer>> => {
  const { promise, reject, resolve } = Promise.withResolvers<ReadonlyMap<string, Buffer>>()
  const read = new Map<string, Buffer>()
  fromBuffer(Buffer.from(bytes), { lazyEntries: true, strictFileNames: true }, (error, zip) => {
    if (error) return reject(error)
    zip.on("error", reject)
    zip.on("end", () => resolve(read))
    zip.on("entry", (entry) =>
      zip.openReadStream(entry, (failure, stream) => {
        if (failure) return reject(failure)
        const parts: Array<Buffer> = []
        stream.on("data", (part: Buffer) => parts.push(part))
        stream.on("error", reject)
        stream.on("end", () => {
          read.set(entry.fileName, Buffer.concat(parts))
          zip.readEntry()
        })
      }),
    )
    zip.readEntry()
  })
  return promise
}

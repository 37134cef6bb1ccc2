// Prints the rows of an Iceberg table, one JSON object a line.
//   node read.mjs FOLDER_OF_ICEBIRD METADATA_FILE
import { open, readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'

const [folder, metadataFile] = process.argv.slice(2)

// icebird reads over HTTP alone; these are answers of a server of files.
globalThis.fetch = async (url, { method, headers } = {}) => {
  const file = await open(url.replace(/^file:\/+/, '/'))  // Iceberg's locations are not encoded
  try {
    const { size } = await file.stat()
    if (method === 'HEAD') return new Response(null, { headers: { 'Content-Length': `${size}` } })
    const range = new Headers(headers).get('Range')?.match(/^bytes=(\d+)-(\d*)$/)
    const from = range ? Number(range[1]) : 0
    const to = range?.[2] ? Math.min(Number(range[2]) + 1, size) : size
    const bytes = new Uint8Array(to - from)
    await file.read(bytes, 0, bytes.length, from)
    return new Response(bytes, { status: range ? 206 : 200 })
  } finally {
    await file.close()
  }
}

const { icebergRead } = await import(
  pathToFileURL(`${folder}/node_modules/icebird/src/index.js`).href)
// Ids of snapshots are beyond what a JavaScript number holds, and only compared as text here.
const text = await readFile(metadataFile, 'utf8')
const metadata = JSON.parse(text.replace(/("(?:current-)?snapshot-id"\s*:\s*)(\d+)/g, '$1"$2"'))
const rows = await icebergRead({ tableUrl: metadata.location, metadata })
const plain = (_, value) => typeof value === 'bigint' ? Number(value) : value
process.stdout.write(rows.map(row => `${JSON.stringify(row, plain)}\n`).join(''))

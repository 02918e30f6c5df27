import { zipSync } from 'fflate'

/** Zip cannot say "no date": the earliest there is, the same in every time zone. */
const zipDate = '1980-01-01T12:00:00'

/** Path in the zip → contents. Equal files give equal bytes, whenever, wherever and in whatever order they are named. */
export const zipFunction = (files: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  zipSync(
    Object.fromEntries(
      Object.entries(files)
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(([path, contents]) => [
          path,
          [contents, { mtime: zipDate, level: 9, os: 3, attrs: 0o644 << 16 }],
        ]),
    ),
  )

/** What a function's zip may weigh. Far below Lambda's limits: cold starts pay by the byte. */
export const zipBytesMax = 5 * 1024 ** 2

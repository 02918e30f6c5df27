/** Keys, records and messages of others on a terminal: what would steer it is written out, `\x1b`. */
export const printable = (text: string): string =>
  text.replaceAll(
    /(?![\n\t])\p{Cc}/gu,
    (sign) => `\\x${(sign.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`,
  )

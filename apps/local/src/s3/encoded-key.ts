/**
 * A key as S3 writes it in notifications and in listings with encoding-type=url: form-url-encoded, `/` kept.
 * `red flower.jpg` → `red+flower.jpg`, `+` → `%2B`.
 */
export const encodeKey = (key: string): string =>
  encodeURIComponent(key)
    .replace(/[!'()~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/')

const BEYOND_ASCII = /[^\0-\x7f]/;

/** Text as the listener gives it: one character for each byte of its UTF-8 form. */
export function byteText(text: string): string {
  return BEYOND_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

/** The text that bytes stand for, which the listener gave one character each; what is not UTF-8 becomes U+FFFD. */
export function textOfBytes(bytes: string): string {
  return BEYOND_ASCII.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}

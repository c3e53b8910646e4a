/** Hexadecimal digits with spaces between them, for readers. */
export function hex(text: string): string {
  return text.replaceAll(' ', '');
}

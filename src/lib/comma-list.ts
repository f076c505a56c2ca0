/** The items of a text with commas between them, without the spaces around them and without empty ones. */
export function itemsIn(text: string): readonly string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

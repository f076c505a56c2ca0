/** As many names as one reads in a line: `a, b, c and 22 more`. */
export function someOf(names: readonly string[]): string {
  const told = 4;
  return names.length <= told
    ? names.join(', ')
    : `${names.slice(0, told - 1).join(', ')} and ${names.length - told + 1} more`;
}

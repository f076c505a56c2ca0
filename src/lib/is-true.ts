/** Whether a value says yes, also as a text: what Istio reads from variables and metadata is read by Go's strconv.ParseBool. */
export function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && /^(1|t|T|true|TRUE|True)$/.test(value));
}

/** Where API servers ask; Istio's configurations name the same path. */
export const webhookPath = '/validate';
/** And for pods to be injected. */
export const injectPath = '/inject';

/**
 * The name of the one message between Electron's main process and its page: with it the preload asks
 * for a port to the backend, main hands one over, and the preload passes it on by `window.postMessage`.
 */
export const portChannel = 'skblens-port';

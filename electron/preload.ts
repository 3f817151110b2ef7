import { ipcRenderer } from 'electron';
import { portChannel } from '../shared/contract/port-channel.ts';

/**
 * Asks main for a port to the backend and passes it to the page, nothing else. It asks once the page's
 * own scripts have run, since a message that comes before their listener would be lost.
 */
ipcRenderer.once(portChannel, (event) => {
  window.postMessage(portChannel, window.location.origin, event.ports);
});
window.addEventListener('DOMContentLoaded', () => ipcRenderer.send(portChannel), { once: true });

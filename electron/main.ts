import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MessageChannelMain,
  protocol,
  session,
  shell,
  utilityProcess,
} from 'electron';
import type { IpcMainEvent, Session, UtilityProcess, WebContents } from 'electron';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { portChannel } from '../shared/contract/port-channel.ts';
import { answerPageRequest, isDocumentation, isOwnPage, pageAddress, pageScheme } from './app-page.ts';
import { SecretKeeper } from './secret-keeper.ts';

/** All built parts lie side by side: dist/electron/{main,utility}.mjs and preload.cjs, dist/renderer. */
const here = dirname(fileURLToPath(import.meta.url));
const pageDirectory = join(here, '..', 'renderer');

const secrets = new SecretKeeper(() => join(app.getPath('userData'), 'secrets.json'));
let window: BrowserWindow | null = null;
let backend: UtilityProcess | null = null;
let quitting = false;

app.enableSandbox();
protocol.registerSchemesAsPrivileged([
  {
    scheme: pageScheme,
    privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
  },
]);

if (app.requestSingleInstanceLock()) {
  app.on('second-instance', showWindow);
  app.on('activate', showWindow);
  app.on('web-contents-created', (_event, contents) => confine(contents));
  app.on('window-all-closed', () => app.quit());
  app.on('before-quit', () => (quitting = true));
  ipcMain.on(portChannel, handPort);
  void app.whenReady().then(() => {
    if (app.isPackaged && process.platform !== 'darwin') Menu.setApplicationMenu(null);
    denyPermissions(session.defaultSession);
    protocol.handle(pageScheme, (request) => answerPageRequest(request, pageDirectory));
    showWindow();
  });
} else {
  app.quit();
}

/** The one window, made if there is none. */
function showWindow(): void {
  if (window) {
    if (window.isMinimized()) window.restore();
    window.focus();
    return;
  }
  const made = new BrowserWindow({
    width: 1280,
    height: 820,
    minWidth: 720,
    minHeight: 480,
    title: 'skblens',
    show: false,
    webPreferences: {
      preload: join(here, 'preload.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  });
  window = made;
  made.once('ready-to-show', () => made.show());
  made.on('closed', () => (window = null));
  void made.loadURL(pageAddress);
}

/** The page stays the page: no navigation, no second window, no webview; documentation opens outside. */
function confine(contents: WebContents): void {
  const stay = (event: { preventDefault(): void; readonly url: string }): void => {
    if (!isOwnPage(event.url)) event.preventDefault();
  };
  contents.on('will-navigate', stay);
  contents.on('will-frame-navigate', stay);
  contents.on('will-redirect', stay);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    if (isDocumentation(url)) void shell.openExternal(url);
    return { action: 'deny' };
  });
}

/** Electron grants by default. The page needs one thing: to put text on the clipboard. */
function denyPermissions(pages: Session): void {
  const granted = 'clipboard-sanitized-write';
  pages.setPermissionRequestHandler((contents, permission, decide) =>
    decide(permission === granted && isOwnPage(contents.getURL())),
  );
  pages.setPermissionCheckHandler(
    (contents, permission) => permission === granted && isOwnPage(contents?.getURL()),
  );
  pages.setDevicePermissionHandler(() => false);
}

/** Gives our page, and nobody else, a port to the backend; the preload asks once for each load of it. */
function handPort(event: IpcMainEvent): void {
  const frame = event.senderFrame;
  if (!frame || frame.parent !== null || event.sender !== window?.webContents || !isOwnPage(frame.url))
    return;
  const { port1, port2 } = new MessageChannelMain();
  backend ??= forkBackend();
  backend.postMessage(null, [port1]);
  frame.postMessage(portChannel, null, [port2]);
}

/** The backend in a process of its own. When it dies the page's port closes, and the user may start another. */
function forkBackend(): UtilityProcess {
  const child = utilityProcess.fork(join(here, 'utility.mjs'), [], { serviceName: 'skblens backend' });
  child.on('message', (message: unknown) => {
    void secrets.answer(message)?.then((reply) => child.postMessage(reply));
  });
  child.once('exit', (code) => {
    if (backend === child) backend = null;
    if (!quitting) void offerRestart(code);
  });
  return child;
}

async function offerRestart(code: number): Promise<void> {
  if (!window) return;
  const { response } = await dialog.showMessageBox(window, {
    type: 'error',
    title: 'skblens',
    message: `The backend of skblens ended unexpectedly, with status ${code}.`,
    detail:
      'Connections and probes ended with it; nothing of them is left on the targets. Starting it again reloads the window, and what it shows now is gone then.',
    buttons: ['Start again', 'Keep looking'],
    defaultId: 0,
    cancelId: 1,
  });
  if (response === 0) window?.webContents.reload();
}

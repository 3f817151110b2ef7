/**
 * What main.ts and preload.ts use of Electron, for tests: importing the real package outside Electron
 * tries to download its binary. Every piece is checked against electron.d.ts, so what is renamed or
 * changed there fails the type check here. It records what it was given and does what a test tells it.
 */
import type * as Electron from 'electron';
import { EventEmitter } from 'node:events';

type Listener = (...values: unknown[]) => void;

/** An emitter whose `on` and `once` pass for those of the Electron class it stands in for. */
function emitterOf<Class extends { on: unknown; once: unknown }>(): {
  on: Class['on'];
  once: Class['once'];
  emit: (name: string, ...values: unknown[]) => boolean;
} {
  const emitter = new EventEmitter();
  const add = (name: string, listener: Listener) => emitter.on(name, listener);
  const addOnce = (name: string, listener: Listener) => emitter.once(name, listener);
  return { on: add, once: addOnce, emit: (name, ...values) => emitter.emit(name, ...values) };
}

/** What the stub was told and asked, since the module was loaded. */
export const seen = {
  schemes: [] as Electron.CustomScheme[],
  handlers: new Map<string, (request: Request) => Response | Promise<Response>>(),
  windows: [] as WindowStub[],
  forked: [] as ProcessStub[],
  opened: [] as string[],
  dialogs: [] as Electron.MessageBoxOptions[],
  sandboxed: false,
  quits: 0,
  focused: 0,
  permissionRequest: null as Parameters<Electron.Session['setPermissionRequestHandler']>[0],
  permissionCheck: null as Parameters<Electron.Session['setPermissionCheckHandler']>[0],
  deviceCheck: null as Parameters<Electron.Session['setDevicePermissionHandler']>[0],
};

/** What a test decides before it loads main.ts. */
export const world = {
  firstInstance: true,
  dialogAnswer: 1,
  userData: '/nonexistent',
  encryption: true,
  backend: 'gnome_libsecret' as ReturnType<Electron.SafeStorage['getSelectedStorageBackend']>,
  /** What Chromium puts before what it encrypts: v11 with a keyring on Linux, v10 with its built-in password. */
  prefix: 'v11',
  /** The key was rotated: decrypted text is to be encrypted anew. */
  rotated: false,
};

export class ContentsStub {
  readonly events = emitterOf<Electron.WebContents>();
  readonly on = this.events.on;
  windowOpen: Parameters<Electron.WebContents['setWindowOpenHandler']>[0] | null = null;
  address = '';
  reloads = 0;
  getURL(): string {
    return this.address;
  }
  reload(): void {
    this.reloads += 1;
  }
  setWindowOpenHandler(handler: Parameters<Electron.WebContents['setWindowOpenHandler']>[0]): void {
    this.windowOpen = handler;
  }
}
const contentsAreLikeElectrons: (contents: ContentsStub) => Partial<Electron.WebContents> = (contents) =>
  contents;

export class WindowStub {
  readonly events = emitterOf<Electron.BrowserWindow>();
  readonly on = this.events.on;
  readonly once = this.events.once;
  readonly webContents = new ContentsStub();
  readonly options: Electron.BrowserWindowConstructorOptions;
  shown = 0;
  constructor(options: Electron.BrowserWindowConstructorOptions) {
    this.options = options;
    seen.windows.push(this);
    app.events.emit('web-contents-created', {}, contentsAreLikeElectrons(this.webContents));
  }
  async loadURL(address: string): Promise<void> {
    this.webContents.address = address;
  }
  show(): void {
    this.shown += 1;
  }
  isMinimized(): boolean {
    return false;
  }
  restore(): void {}
  focus(): void {
    seen.focused += 1;
  }
}
export { WindowStub as BrowserWindow };
const windowIsLikeElectrons: (
  window: WindowStub,
) => Partial<Omit<Electron.BrowserWindow, 'webContents'>> & { webContents: Partial<Electron.WebContents> } = (
  window,
) => window;
void windowIsLikeElectrons;

export class ProcessStub {
  readonly events = emitterOf<Electron.UtilityProcess>();
  readonly on = this.events.on;
  readonly once = this.events.once;
  readonly messages: unknown[] = [];
  readonly module: string;
  readonly options: Electron.ForkOptions | undefined;
  readonly ports: Electron.MessagePortMain[] = [];
  constructor(module: string, options: Electron.ForkOptions | undefined) {
    this.module = module;
    this.options = options;
  }
  postMessage(message: unknown, transfer: Electron.MessagePortMain[] = []): void {
    this.messages.push(message);
    this.ports.push(...transfer);
  }
}
const processIsLikeElectrons: (child: ProcessStub) => Partial<Electron.UtilityProcess> = (child) => child;

const appEvents = emitterOf<Electron.App>();
export const app = {
  ...({
    on: appEvents.on,
    isPackaged: false,
    getPath: () => world.userData,
    enableSandbox: () => void (seen.sandboxed = true),
    requestSingleInstanceLock: () => world.firstInstance,
    whenReady: async () => undefined,
    quit: () => {
      seen.quits += 1;
      appEvents.emit('before-quit', {});
    },
  } satisfies Partial<Electron.App>),
  events: appEvents,
};

export const protocol = {
  registerSchemesAsPrivileged: (schemes: Electron.CustomScheme[]) => void seen.schemes.push(...schemes),
  handle: (scheme, handler) => void seen.handlers.set(scheme, handler),
} satisfies Partial<Electron.Protocol>;

export const session = {
  defaultSession: {
    setPermissionRequestHandler: (handler) => void (seen.permissionRequest = handler),
    setPermissionCheckHandler: (handler) => void (seen.permissionCheck = handler),
    setDevicePermissionHandler: (handler) => void (seen.deviceCheck = handler),
  } satisfies Partial<Electron.Session>,
};

const mainEvents = emitterOf<Electron.IpcMain>();
export const ipcMain = {
  ...({ on: mainEvents.on } satisfies Partial<Electron.IpcMain>),
  events: mainEvents,
};

/** Not encryption: it only tells what went through it from what did not. */
export const safeStorage = {
  isAsyncEncryptionAvailable: async () => world.encryption,
  getSelectedStorageBackend: () => world.backend,
  encryptStringAsync: async (text: string) =>
    Buffer.from(world.prefix + [...text].toReversed().join(''), 'utf8'),
  decryptStringAsync: async (encrypted: Buffer) => {
    const text = encrypted.toString('utf8');
    if (!text.startsWith(world.prefix)) throw new Error('another key');
    return {
      result: [...text.slice(world.prefix.length)].toReversed().join(''),
      shouldReEncrypt: world.rotated,
    };
  },
} satisfies Partial<Electron.SafeStorage>;

export const Menu = {
  setApplicationMenu: () => undefined,
} satisfies Partial<typeof Electron.Menu>;

export const shell = {
  openExternal: async (address: string) => void seen.opened.push(address),
} satisfies Partial<Electron.Shell>;

export const dialog = {
  showMessageBox: async (_window: unknown, options?: Electron.MessageBoxOptions) => {
    if (options) seen.dialogs.push(options);
    return { response: world.dialogAnswer, checkboxChecked: false };
  },
} satisfies Partial<Electron.Dialog>;

export const utilityProcess = {
  fork: (module: string, _args?: string[], options?: Electron.ForkOptions) => {
    const child = new ProcessStub(module, options);
    seen.forked.push(child);
    return processIsLikeElectrons(child) as Electron.UtilityProcess;
  },
} satisfies Partial<typeof Electron.utilityProcess>;

/** Ports with no wire: tests look at who was handed which. */
export class MessageChannelMain implements Electron.MessageChannelMain {
  readonly port1 = { name: 'port1' } as unknown as Electron.MessagePortMain;
  readonly port2 = { name: 'port2' } as unknown as Electron.MessagePortMain;
}

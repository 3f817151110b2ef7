import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';

/** The page's own scheme: `skblens://app/` is the built renderer, and there is no other host in it. */
export const pageScheme = 'skblens';
const pageHost = 'app';
export const pageAddress = `${pageScheme}://${pageHost}/index.html`;

/** The page talks to nobody but its port; CodeMirror and the virtual list set styles from script. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Sites that the page may show in the user's browser: the documentation it refers to. */
const documentationHosts = ['docs.kernel.org', 'www.kernel.org', 'bpftrace.org', 'github.com'];

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/**
 * Whether an address is of our page. Protocol and host are compared: the `origin` of any address of a
 * scheme of one's own is 'null' in Node, so every such page would pass for every other.
 */
export function isOwnPage(address: string | undefined): boolean {
  const url = parse(address);
  return url !== null && url.protocol === `${pageScheme}:` && url.host === pageHost;
}

/** Whether an address is documentation, over https, with no credentials and no port of its own. */
export function isDocumentation(address: string): boolean {
  const url = parse(address);
  if (url === null || url.protocol !== 'https:' || url.username !== '' || url.password !== '') return false;
  return documentationHosts.includes(url.host);
}

/**
 * The answer to a request for a file of the page: 404 for what is not in `directory`, however its path
 * is written, 405 for anything but reading, 403 for another host.
 */
export async function answerPageRequest(
  request: { readonly url: string; readonly method: string },
  directory: string,
): Promise<Response> {
  if (!isOwnPage(request.url)) return refusal(403, 'This is not the page of skblens.');
  if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405, 'Only GET.');
  const file = fileOf(new URL(request.url).pathname, directory);
  const type = file === null ? undefined : types[extname(file)];
  if (file === null || type === undefined) return refusal(404, 'There is nothing here.');
  const body = await readFile(file).catch(() => null);
  if (body === null) return refusal(404, 'There is nothing here.');
  return new Response(new Uint8Array(body), { status: 200, headers: headersOf(type) });
}

/** The file that a path names, decoded once; null if that leads out of `directory`. */
function fileOf(pathname: string, directory: string): string | null {
  let path: string;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  if (path.includes('\0') || path.includes('\\')) return null;
  const file = normalize(join(directory, path));
  return file.startsWith(directory + sep) ? file : null;
}

function refusal(status: number, sentence: string): Response {
  return new Response(`${sentence}\n`, { status, headers: headersOf('text/plain; charset=utf-8') });
}

function headersOf(type: string): Record<string, string> {
  return {
    'Content-Type': type,
    'Content-Security-Policy': contentSecurityPolicy,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
  };
}

function parse(address: string | undefined): URL | null {
  return address !== undefined && URL.canParse(address) ? new URL(address) : null;
}

import { LineError } from './config-line.ts';
import type { Directive } from './config-line.ts';

/** What the words of an option are, as readconf.c of OpenSSH parses them. */
export type OptionKind =
  'word' | 'flag' | 'port' | 'count' | 'time' | 'strictness' | 'family' | 'words' | 'rest' | 'harmless';

/** Options that a connection of skblens follows, or refuses to connect over: by lower-case name. */
const FOLLOWED: Readonly<Record<string, OptionKind>> = {
  addressfamily: 'family',
  batchmode: 'flag',
  bindaddress: 'word',
  bindinterface: 'word',
  canonicalizehostname: 'word',
  certificatefile: 'word',
  ciphers: 'word',
  connecttimeout: 'time',
  globalknownhostsfile: 'words',
  hashknownhosts: 'flag',
  hostkeyalgorithms: 'word',
  hostkeyalias: 'word',
  hostname: 'word',
  identitiesonly: 'flag',
  identityagent: 'word',
  identityfile: 'word',
  ignoreunknown: 'word',
  kbdinteractiveauthentication: 'flag',
  kexalgorithms: 'word',
  knownhostscommand: 'rest',
  macs: 'word',
  passwordauthentication: 'flag',
  pkcs11provider: 'word',
  port: 'port',
  preferredauthentications: 'word',
  proxycommand: 'rest',
  proxyjump: 'rest',
  proxyusefdpass: 'flag',
  pubkeyacceptedalgorithms: 'word',
  pubkeyauthentication: 'word',
  refuseconnection: 'rest',
  requiredrsasize: 'count',
  revokedhostkeys: 'word',
  serveralivecountmax: 'count',
  serveraliveinterval: 'time',
  stricthostkeychecking: 'strictness',
  tag: 'word',
  user: 'word',
  userknownhostsfile: 'words',
};

const SYNONYMS: Readonly<Record<string, string>> = {
  challengeresponseauthentication: 'kbdinteractiveauthentication',
  dsaauthentication: 'pubkeyauthentication',
  hostbasedkeytypes: 'hostbasedacceptedalgorithms',
  identityfile2: 'identityfile',
  keepalive: 'tcpkeepalive',
  pubkeyacceptedkeytypes: 'pubkeyacceptedalgorithms',
  skeyauthentication: 'kbdinteractiveauthentication',
  smartcarddevice: 'pkcs11provider',
  tisauthentication: 'kbdinteractiveauthentication',
};

/**
 * Options that OpenSSH up to 10.2 (with Debian's and Apple's additions) knows and that change neither
 * where a connection of skblens goes nor how it is secured: terminals, forwardings, logs, what is long gone.
 */
const HARMLESS: ReadonlySet<string> = new Set(
  `addkeystoagent afstokenpassing canonicaldomains canonicalizefallbacklocal canonicalizemaxdots
  canonicalizepermittedcnames casignaturealgorithms channeltimeout checkhostip cipher clearallforwardings
  compression compressionlevel connectionattempts controlmaster controlpath controlpersist dynamicforward
  enableescapecommandline enablesshkeysign escapechar exitonforwardfailure fallbacktorsh fingerprinthash
  forkafterauthentication forwardagent forwardx11 forwardx11timeout forwardx11trusted gatewayports
  globalknownhostsfile2 gssapiauthentication gssapiclientidentity gssapidelegatecredentials gssapikexalgorithms
  gssapikeyexchange gssapirenewalforcesrekey gssapiserveridentity gssapitrustdns hostbasedacceptedalgorithms
  hostbasedauthentication ipqos kbdinteractivedevices kerberosauthentication kerberostgtpassing localcommand
  localforward loglevel logverbose nohostauthenticationforlocalhost numberofpasswordprompts obscurekeystroketiming permitlocalcommand
  permitremoteopen protocol protocolkeepalives rekeylimit remotecommand remoteforward
  requesttty rhostsauthentication rhostsrsaauthentication rsaauthentication securitykeyprovider
  sendenv sessiontype setenv setuptimeout stdinnull streamlocalbindmask streamlocalbindunlink syslogfacility
  tcpkeepalive tunnel tunneldevice updatehostkeys useblacklistedkeys usekeychain useprivilegedport useroaming
  userknownhostsfile2 usersh verifyhostkeydns versionaddendum visualhostkey warnweakcrypto xauthlocation`.split(
    /\s+/,
  ),
);

/** The option that a keyword names, its synonyms resolved; null for one that ssh does not know either. */
export function optionOf(keyword: string): { name: string; kind: OptionKind } | null {
  const name = Object.hasOwn(SYNONYMS, keyword) ? (SYNONYMS[keyword] ?? keyword) : keyword;
  const kind = Object.hasOwn(FOLLOWED, name) ? FOLLOWED[name] : undefined;
  if (kind !== undefined) return { name, kind };
  return HARMLESS.has(name) ? { name, kind: 'harmless' } : null;
}

/** The value of an option as one text; ssh checks it even where the line does not apply. Throws LineError. */
export function checkValue(directive: Directive, kind: OptionKind): void {
  const { name, words } = directive;
  if (kind === 'harmless') return;
  if (kind === 'rest') {
    if (directive.keyword === 'proxyjump' && commandText(directive).split(',').includes(''))
      throw new LineError('Invalid ProxyJump');
    return;
  }
  const [word = ''] = words;
  if (words.includes('') || (words.length === 0 && kind !== 'words'))
    throw new LineError(`keyword ${name} empty argument`);
  if (kind === 'words') return;
  if (words.length > 1) throw new LineError(`keyword ${name} extra arguments at end of line`);
  const wrong = (what: string): LineError => new LineError(`${what} "${word}" for ${name}`);
  switch (kind) {
    case 'word':
      return;
    case 'flag':
      if (parseFlag(word) === null) throw wrong('unsupported option');
      return;
    case 'port':
      if (parsePort(word) === null) throw wrong('bad number');
      return;
    case 'count':
      if (!/^\d{1,9}$/.test(word)) throw wrong('invalid number');
      return;
    case 'time':
      if (parseTime(word) === null) throw wrong('invalid time value');
      return;
    case 'strictness':
      if (!/^(?:true|false|yes|no|ask|off|accept-new)$/i.test(word)) throw wrong('unsupported option');
      return;
    case 'family':
      if (!/^(?:inet|inet6|any)$/i.test(word)) throw wrong('unsupported option');
  }
}

/** The rest of a line as ProxyCommand and its like take it. */
export function commandText(directive: Directive): string {
  return directive.rest.replace(/^[ \t\r\n=]+/, '');
}

export function parseFlag(word: string): boolean | null {
  return /^(?:yes|true)$/i.test(word) ? true : /^(?:no|false)$/i.test(word) ? false : null;
}

export function parsePort(word: string): number | null {
  const port = word === 'ssh' ? 22 : /^\d{1,5}$/.test(word) ? Number(word) : 0;
  return port >= 1 && port <= 65_535 ? port : null;
}

/** TIME FORMATS of sshd_config(5) in seconds; -1 for "none"; null for what is no time. */
export function parseTime(word: string): number | null {
  if (word === 'none') return -1;
  if (!/^(?:\d{1,9}[smhdw]?)+$/i.test(word)) return null;
  let seconds = 0;
  for (const [, number, unit = 's'] of word.matchAll(/(\d+)([smhdw]?)/gi))
    seconds += Number(number) * ({ m: 60, h: 3600, d: 86_400, w: 604_800 }[unit.toLowerCase()] ?? 1);
  return seconds <= 0x7fffffff ? seconds : null;
}

import type { AddressInfo } from 'node:net';
import ssh2 from 'ssh2';
import type { AuthContext, Connection } from 'ssh2';

/** An SSH server of ssh2 on 127.0.0.1, for what a real sshd cannot be brought to do without PAM. */
export interface AuthServer {
  readonly port: number;
  /** As a line of known_hosts begins: type and key. */
  readonly hostPublicKey: string;
  close(): void;
}

/** Starts it; `authenticate` is given every attempt, and what happened before on the same connection. */
export async function startAuthServer(
  authenticate: (context: AuthContext, before: string[]) => void,
): Promise<AuthServer> {
  // ssh2 cannot read one in 256 of the ed25519 pairs that it makes; of ecdsa it reads them all.
  const key = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
  const clients = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [key.private] }, (client) => {
    const before: string[] = [];
    clients.add(client);
    client.on('error', () => undefined);
    client.on('authentication', (context) => {
      authenticate(context, before);
      before.push(context.method);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    hostPublicKey: key.public,
    close: () => {
      for (const client of clients) client.end();
      server.close();
    },
  };
}

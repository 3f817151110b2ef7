import { expect, test } from 'vitest';
import { portTransport } from '../../renderer/bridge.ts';

test('a MessagePort carries text and bytes both ways, in order, and keeps what came before the listener', async () => {
  const { port1, port2 } = new MessageChannel();
  const page = portTransport(port1);
  const backend = portTransport(port2);
  backend.send('early');
  backend.send(Uint8Array.of(1, 2, 3));
  const received: (string | Uint8Array)[] = [];
  page.onMessage((message) => received.push(message));
  backend.send('late');
  await expect.poll(() => received).toEqual(['early', Uint8Array.of(1, 2, 3), 'late']);

  const answered: (string | Uint8Array)[] = [];
  backend.onMessage((message) => answered.push(message));
  page.send('call');
  await expect.poll(() => answered).toEqual(['call']);
});

/** Electron gives ports a close event, which Chromium alone does not send: here it is sent by hand. */
test('an end of the backend is told to all who asked', () => {
  const { port1 } = new MessageChannel();
  const page = portTransport(port1);
  const told: string[] = [];
  page.onClose(() => told.push('calls'));
  page.onClose(() => told.push('page'));
  port1.dispatchEvent(new Event('close'));
  expect(told).toEqual(['calls', 'page']);
});

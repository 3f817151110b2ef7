import { mount } from 'svelte';
import App from '../../../renderer/App.svelte';
import { theme } from '../../../renderer/state/theme.svelte.ts';
import '../../../renderer/ui/base.css';
import { fakeBackend } from './fake-backend.ts';

/** `?rate=2000&functions=60000`: the page over a fake backend, for looking at it. */
const asked = new URLSearchParams(location.search);
const backend = fakeBackend({
  rate: Number(asked.get('rate') ?? 5),
  functions: Number(asked.get('functions') ?? 60_000),
  hosts: ['edge-01', 'edge-02', 'core-router', 'bookworm', 'unknown', 'refused', 'asks', 'locked', 'slow'],
  sources: ['/home/me/.ssh/config', '/home/me/.ssh/config.d/work'],
});
Object.assign(globalThis, { fake: backend });
theme.apply();
mount(App, { target: document.body, props: { open: async () => backend.transport } });

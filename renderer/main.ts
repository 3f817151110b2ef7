import { mount } from 'svelte';
import App from './App.svelte';
import { openTransport } from './bridge.ts';
import { theme } from './state/theme.svelte.ts';
import './ui/base.css';

theme.apply();
mount(App, { target: document.body, props: { open: openTransport } });

/** Runs beside every test file of the lab. */
import { afterAll } from 'vitest';
import { giveGuestsBack } from './guest-alone.ts';

afterAll(giveGuestsBack);

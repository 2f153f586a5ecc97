#!/usr/bin/env node
import { runCommandLine } from './run-command-line.ts';
import { surviveLostStderr } from './terminal/print.ts';

surviveLostStderr();
await runCommandLine(process.argv.slice(2));

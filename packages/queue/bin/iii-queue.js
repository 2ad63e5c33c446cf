#!/usr/bin/env node
// Beside the built file rather than the built file itself, so that package managers can link it before the build.
import '../dist/bin.js';

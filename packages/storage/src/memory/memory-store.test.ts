import { behavesAsAStore } from '../store.behaviour.js';
import { MemoryStorage } from './memory-storage.js';

behavesAsAStore('in memory', async () => new MemoryStorage());

import { rangedReadConformance } from '../storage/ranged-read-conformance.ts';
import { storageConformance } from '../storage/storage-conformance.ts';
import { openMemoryUnderTest } from './memory-under-test.ts';

storageConformance('memory', openMemoryUnderTest());
rangedReadConformance('memory', openMemoryUnderTest());

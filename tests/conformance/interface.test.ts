import { openCliDoor, openEngineDoor, openRestDoor, openTrpcDoor } from './doors.ts';
import { interfaceConformance } from './interface-conformance.ts';

interfaceConformance('of the engine, in process', openEngineDoor);
interfaceConformance('over REST, through core', openRestDoor);
interfaceConformance('over tRPC', openTrpcDoor);
interfaceConformance('of the command line, with --json', openCliDoor);

export { collectBody } from './body.js';
export { chooseDriver, type DriverReport, driverReport, type UwsReport } from './drivers.js';
export { ListenerError, type ListenerErrorCode, listenerErrors } from './errors.js';
export { listen } from './listen.js';
export type {
  Audience,
  BodyEvents,
  CloseOptions,
  DriverChoice,
  DriverName,
  HeaderList,
  HttpAnswer,
  HttpRequest,
  HttpResponse,
  JoinTexts,
  Listener,
  ListenOptions,
  RequestHead,
  SendOutcome,
  Socket,
  SocketEvents,
  UpgradeDecision,
} from './types.js';

/**
 * The fastsfu client library: `import { createCall } from '/sdk/fastsfu.js'`.
 *
 * This file is the single definition of the library's public face. The JavaScript sources are
 * checked against it, and so are the names that they export.
 */

/** What a track shows or sounds: camera and microphone, or a shared screen and its sound. */
export type Source = 'audio' | 'video' | 'screenVideo' | 'screenAudio';

/** What rights and moderation are about: a screen is shared, or taken away, with its sound. */
export type Publishable = 'audio' | 'video' | 'screen';

/** What somebody may do now; hosts can change it. */
export interface Permissions {
  publish: Publishable[];
  /** Receive what others publish. */
  subscribe: boolean;
  /** Send app messages. */
  messages: boolean;
}

/**
 * - `off`: not published, or muted by its owner.
 * - `sendable`: published, but declined by our receive settings.
 * - `loading`: published, and on its way.
 * - `playable`: `persistentTrack` carries it.
 * - `suspended`: a picture of somebody else that nothing comes of for now, for the `reason` that is
 *   given; it comes back by itself. Its track stays, and holds the last picture that came.
 * - `interrupted`: it was playable; the media path is broken for the moment.
 * - `blocked`: local only: permission was denied, or there is no such device.
 */
export type TrackState =
  | 'off'
  | 'sendable'
  | 'loading'
  | 'playable'
  | 'suspended'
  | 'interrupted'
  | 'blocked';

/** `slow-connection`: not even its smallest size fits through the way from the server to us. */
export type SuspendReason = 'slow-connection';

export type MeetingState =
  | 'new'
  | 'joining-meeting'
  | 'joined-meeting'
  | 'left-meeting'
  | 'error';

export interface TrackInfo {
  state: TrackState;
  /** Stays while the source is published, also while muted; null when there is nothing to play. */
  persistentTrack: MediaStreamTrack | null;
  /** While it is `suspended`. */
  reason?: SuspendReason;
  /** Of a picture that is `playable` or `suspended`, and less than it could be: why. */
  limit?: PictureLimit;
}

export interface Participant {
  session_id: string;
  user_name: string;
  local: boolean;
  owner: boolean;
  /** The microphone is published and not muted. */
  audio: boolean;
  /** The camera is published and not muted. */
  video: boolean;
  /** A screen is being shared. */
  screen: boolean;
  user_data: unknown;
  /** Seconds since the epoch, by the server's clock; 0 before joining. */
  joined_at: number;
  /**
   * Stays when a client has to join anew after the server or the network was away, and gets another
   * `session_id`: its first one.
   */
  origin: string;
  /** Of the token; null: it has none. Names users, where names may be the same. */
  user_id: string | null;
  permissions: Permissions;
  /** A host has turned these off; `setLocalAudio(true)` and the like turn them on again. */
  held: Publishable[];
  tracks: Record<Source, TrackInfo>;
}

/** Keyed by `local` and by the session ids of the others. */
export type Participants = { local: Participant; [session_id: string]: Participant };

/** `present`: all whom `participants()` has; `hidden`: who watches unseen by a right of its own. */
export interface ParticipantCounts {
  present: number;
  hidden: number;
}

/** What an owner does to a participant; each part is done if it is there. */
export interface ParticipantUpdate {
  /** Whatever their token says; they cannot change it back. */
  setUserName?: string;
  /** Mute them: the server passes on nothing more until they unmute themselves. */
  setAudio?: false;
  setVideo?: false;
  setScreenShare?: false;
  updatePermissions?: { publish?: boolean | Publishable[]; subscribe?: boolean; messages?: boolean; owner?: boolean };
  /** Their token and session open the room no more. */
  eject?: boolean;
  /** With `eject`: nor any token of this user, for so many seconds, or (true) for good. */
  ban?: boolean | number;
}

/** The room as its participants know it. */
export interface Room {
  name: string;
  maxParticipants: number;
  /** Seconds since the epoch; null: it does not end. */
  endsAt: number | null;
  /** Nobody new gets in but owners. */
  locked: boolean;
  /** Owners let in everybody else. */
  enableKnocking: boolean;
}

/** Somebody who asks to be let in. */
export interface WaitingParticipant {
  id: string;
  name: string;
  /** Of their token. */
  userId: string | null;
  /** Seconds since the epoch. */
  since: number;
}

/** By id, in the order in which they came. */
export type WaitingParticipants = Record<string, WaitingParticipant>;

/** What an owner changes of it; what is absent stays. */
export type RoomUpdate = Partial<Omit<Room, 'name'>>;

/**
 * `true`: the default device; `false`: none; a string: that device; a track: that one, never
 * stopped by the library.
 */
export type InputSource = boolean | string | MediaStreamTrack;

export interface CallOptions {
  /**
   * Where the server is mounted, as `https://calls.example/`. By default the place that this module
   * was served from; in a bundle there is none, so say it.
   */
  url?: string;
  audioSource?: InputSource;
  videoSource?: InputSource;
  /**
   * Join muted: the microphone is not opened before `setLocalAudio(true)`. What was turned off in
   * the call before is off in the next one too, unless `join` says `false` here.
   */
  startAudioOff?: boolean;
  startVideoOff?: boolean;
  /** JSON that every participant sees, at most 4,096 bytes. */
  userData?: unknown;
}

export interface JoinOptions extends CallOptions {
  room: string;
  token?: string;
  name?: string;
}

export interface InputDevices {
  audioDeviceId?: string;
  videoDeviceId?: string;
  audioSource?: InputSource;
  videoSource?: InputSource;
}

/** The microphone and camera in use; null where there is none or it is off. */
export interface InputDevicesInUse {
  mic: { deviceId: string; label: string } | null;
  camera: { deviceId: string; label: string } | null;
}

export interface ScreenShareOptions {
  /** What the encoder should keep: `detail` for text (default), `motion` for film. */
  contentHint?: 'detail' | 'text' | 'motion';
  /** Offer to share sound too (default true; the browser and its user decide). */
  audio?: boolean;
  /** Share these tracks instead of asking with the browser's picker. */
  mediaStream?: MediaStream;
}

/** How much of a picture is wanted, where its sender has several encodings or layers of it. */
export interface VideoWish {
  /** Lines: the largest encoding that has no more, else the smallest one. */
  maxHeight?: number;
  /** This encoding or spatial layer at most; 0 is the smallest. */
  layer?: number;
  /** From 0 (default) to 255: what gets more first when there is not enough for all. */
  priority?: number;
  /** Of `video` under `*`: only the cameras of so many others who spoke last, beside those that have
   * a setting of their own. */
  lastN?: number;
}

/** `false` declines a source, `true` takes it back whole, a wish as far as it says. */
export interface SourceSettings {
  audio?: boolean;
  video?: boolean | VideoWish;
  screenVideo?: boolean | VideoWish;
  screenAudio?: boolean;
}

/** By session id, or `*` for all who have no setting of their own. */
export type ReceiveSettings = Record<string, SourceSettings>;

export interface EncodingLimits {
  /** Bits per second. */
  maxBitrate?: number;
  maxFramerate?: number;
  /** Lines of picture; larger pictures are scaled down. */
  maxHeight?: number;
}

/** One of the encodings of a picture. */
export interface RungLimits {
  maxBitrate?: number;
  maxFramerate?: number;
  /** false: it is not sent at all. */
  active?: boolean;
}

/**
 * Limits of a picture as a whole (`maxBitrate`: of all its encodings together), and of each: `high` has
 * all lines, `medium` half of them, `low` a quarter.
 */
export interface SendLimits extends EncodingLimits {
  encodings?: { [name in 'high' | 'medium' | 'low' | (string & {})]?: RungLimits };
  /**
   * What may be sent, such as `['VP9']` (`VP8`, `VP9`, `AV1`, `H264`), when it is published first in a
   * call. VP9 and AV1 go as one encoding with layers (SVC).
   */
  codecs?: string[];
}

export interface CodecPreferences {
  video?: string[];
}

export interface SendSettings {
  audio?: Pick<EncodingLimits, 'maxBitrate'>;
  video?: SendLimits;
  screenVideo?: EncodingLimits;
  screenAudio?: Pick<EncodingLimits, 'maxBitrate'>;
}

export interface BandwidthOptions {
  /** Limit for camera and screen together, in kilobits per second; null lifts it. */
  kbs: number | null;
}

export interface NetworkTopology {
  topology: 'sfu' | 'peer' | 'none';
  encryption: 'hop-by-hop' | 'end-to-end' | 'none';
  /**
   * Four groups of five digits, the same on both sides of a direct call when nobody is between them;
   * null on the SFU, and for a moment after connecting.
   */
  safetyNumber: string | null;
}

export interface TopologyWish {
  /** `peer` goes back to a direct call as soon as two are left; `auto` is the room's own way. */
  topology: 'auto' | 'peer' | 'sfu';
}

/** Which connection: with the server's signaling, with another browser, with the SFU. */
export type NetworkConnectionType = 'signaling' | 'peer-to-peer' | 'sfu';

/**
 * What makes a call worse. `uplink`: what we send gets lost, or is reduced since no more fits;
 * `downlink`: what we receive gets lost, or a picture of somebody is suspended; `delay`: the round
 * trip is long; `cpu`: this machine is too slow for the pictures that it sends.
 */
export type NetworkCause = 'uplink' | 'downlink' | 'delay' | 'cpu';

/**
 * Why a picture is smaller than it could be, has fewer pictures a second, or does not come at all.
 * Of somebody else: `downlink`: no more fits through the way from the server to us; `sender-uplink`,
 * `sender-cpu`: what limits its sender, as that one says. Of our own: `uplink`, `cpu`.
 */
export type PictureLimit = 'uplink' | 'cpu' | 'downlink' | 'sender-uplink' | 'sender-cpu';

export type NetworkThreshold = 'good' | 'low' | 'very-low';

/** Rates of the last seconds, however often one asks. Losses are fractions from 0 to 1; null where nothing is known yet. */
export interface NetworkSample {
  timestamp: number;
  sendBitsPerSecond: number;
  recvBitsPerSecond: number;
  availableSendBitsPerSecond: number | null;
  sendPacketLoss: number | null;
  recvPacketLoss: number | null;
  /** Seconds. */
  roundTripTime: number | null;
  framesDecoded: number;
  framesSent: number;
}

export interface NetworkStats {
  threshold: NetworkThreshold;
  /** From 0 (unusable) to 100. */
  quality: number;
  /** Also while the quality is good. */
  causes: NetworkCause[];
  latest: NetworkSample;
  srtpCipher: string | null;
  dtlsState: string | null;
  /** The address that media comes from, `ip:port`. */
  remoteAddress: string | null;
}

export type FatalErrorType =
  | 'ejected'
  | 'nbf-room'
  | 'nbf-token'
  | 'exp-room'
  | 'exp-token'
  | 'no-room'
  | 'meeting-full'
  | 'not-allowed'
  | 'no-capacity'
  | 'connection-error'
  | 'end-of-life';

export type NonFatalErrorType =
  | 'permission-denied'
  | 'device-not-found'
  | 'device-in-use'
  | 'device-error'
  | 'screen-share-error'
  | 'negotiation-error'
  | 'not-allowed'
  | 'bad-request'
  /** What was being waited for came to nothing because the call was left. */
  | 'left'
  | (string & {});

/**
 * Why there is a `connection-error`, as far as the browser tells. `no-server`: signaling cannot be
 * reached. `no-media`: signaling works, but nothing else gets through. `relay-refused`: so it is, and
 * the relay over TLS failed where signaling works, so its certificate is none that the browser knows
 * (a click lets a person past that, but no media). `no-webrtc`: this browser cannot make calls.
 * `origin-refused`: the server lets no page of this origin in. `rate-limit`: this client said too much.
 */
export type ErrorCause =
  | 'no-server'
  | 'no-media'
  | 'relay-refused'
  | 'no-webrtc'
  | 'origin-refused'
  | 'rate-limit';

export interface ErrorDetails {
  fatal?: boolean;
  source?: Source;
  cause?: ErrorCause;
}

/** What `join()` rejects with, and what the events `error` and `nonfatal-error` carry. */
export declare class CallError extends Error {
  constructor(type: string, info: string, details?: ErrorDetails);
  /** Kebab-case; see `FatalErrorType` and `NonFatalErrorType`. */
  readonly type: FatalErrorType | NonFatalErrorType;
  /** One sentence for people. */
  readonly info: string;
  readonly fatal: boolean;
  /** The source concerned, when there is one. */
  readonly source: Source | null;
  /** What is known of the reason of a `connection-error`. */
  readonly cause: ErrorCause | null;
}

export interface CallEvents {
  'joining-meeting': { action: 'joining-meeting' };
  'joined-meeting': { action: 'joined-meeting'; participants: Participants };
  'left-meeting': { action: 'left-meeting' };
  'participant-joined': { action: 'participant-joined'; participant: Participant };
  'participant-updated': { action: 'participant-updated'; participant: Participant };
  'participant-left': { action: 'participant-left'; participant: Participant; reason: string };
  /** Somebody came or went, hidden or not. */
  'participant-counts-updated': {
    action: 'participant-counts-updated';
    participantCounts: ParticipantCounts;
  };
  'track-started': TrackEvent<'track-started'>;
  'track-stopped': TrackEvent<'track-stopped'>;
  /** A picture is given up for the sound, or is no longer; its state is `suspended` meanwhile. */
  'video-suspended': {
    action: 'video-suspended';
    participant: Participant;
    type: 'video' | 'screenVideo';
    suspended: boolean;
    /** Null when it is no longer. */
    reason: SuspendReason | null;
  };
  /** `fromId`: a session id, or `server`. In the order of each sender, each message once. */
  'app-message': { action: 'app-message'; data: unknown; fromId: string };
  'active-speaker-change': {
    action: 'active-speaker-change';
    /** `peerId` is a session id (ours too), or null when nobody speaks. */
    activeSpeaker: { peerId: string | null };
  };
  /** A host has turned off what we send. */
  'muted-by-host': { action: 'muted-by-host'; sources: Publishable[] };
  /** `waiting`: a host has to let us in, see `requestAccess`; `full`: one has. */
  'access-state-updated': { action: 'access-state-updated'; access: 'waiting' | 'full' };
  /** For owners. */
  'waiting-participant-added': {
    action: 'waiting-participant-added';
    participant: WaitingParticipant;
  };
  'waiting-participant-removed': {
    action: 'waiting-participant-removed';
    participant: WaitingParticipant;
  };
  'room-updated': { action: 'room-updated'; room: Room };
  'meeting-session-state-updated': {
    action: 'meeting-session-state-updated';
    meetingSessionState: { data: unknown };
  };
  'network-connection': {
    action: 'network-connection';
    type: NetworkConnectionType;
    event: 'connected' | 'interrupted';
  };
  /** What carries the call, or how it is encrypted, has changed; see `getNetworkTopology`. */
  'network-topology-change': NetworkTopology & { action: 'network-topology-change' };
  /**
   * How good our connection is (`participant` is ourselves, see `getNetworkStats`), or what limits
   * the pictures of somebody else.
   */
  'network-quality-change': {
    action: 'network-quality-change';
    participant: Participant;
    /** Of somebody else: `low` when a picture is less than it could be, `very-low` when none comes. */
    threshold: NetworkThreshold;
    /** Null: of somebody else. */
    quality: number | null;
    causes: (NetworkCause | PictureLimit)[];
  };
  'available-devices-updated': {
    action: 'available-devices-updated';
    availableDevices: MediaDeviceInfo[];
  };
  /** The call is over; `meetingState()` is `error`. */
  error: { action: 'error'; errorMsg: string; error: CallError };
  /** Something was refused or failed; the call goes on. */
  'nonfatal-error': { action: 'nonfatal-error'; errorMsg: string; error: CallError };
}

export interface TrackEvent<Action extends string> {
  action: Action;
  participant: Participant;
  track: MediaStreamTrack;
  type: Source;
}

export interface Call {
  /**
   * Resolves once the server has answered our first offer. Rejects with a `CallError`: the one of
   * the event `error`, or `left` when the call was left meanwhile, or `bad-request`, and then
   * nothing has changed.
   */
  join(options: JoinOptions): Promise<Participants>;
  leave(): Promise<void>;
  /** Leaves, and forgets all listeners; the call cannot be used again. */
  destroy(): Promise<void>;
  meetingState(): MeetingState;
  participants(): Participants;
  /** How many are in the call; both 0 while we are not. */
  participantCounts(): ParticipantCounts;

  /**
   * Go on with a newer token of the same holder and rights, before the one that the call was joined
   * with ends it (`eject_at_token_exp`). Rejects with a `CallError` and changes nothing then:
   * `not-allowed`, `exp-token`, `nbf-token`.
   */
  refreshToken(token: string): Promise<void>;

  /** Resolves when the device is on (or off); a device that fails gives a `nonfatal-error`. */
  setLocalAudio(on: boolean): Promise<void>;
  setLocalVideo(on: boolean): Promise<void>;
  startScreenShare(options?: ScreenShareOptions): Promise<void>;
  stopScreenShare(): Promise<void>;
  setInputDevices(devices: InputDevices): Promise<InputDevicesInUse>;
  enumerateDevices(): Promise<{ devices: MediaDeviceInfo[] }>;

  updateReceiveSettings(settings: ReceiveSettings): Promise<ReceiveSettings>;
  updateSendSettings(settings: SendSettings): Promise<SendSettings>;
  /** The same as `updateSendSettings({video: {codecs}})`; before `join`. */
  setCodecPreferences(preferences: CodecPreferences): Promise<void>;
  setBandwidth(options: BandwidthOptions): Promise<void>;
  /**
   * JSON that everybody in the room sees in `user_data`, also who comes later. Rejects with a
   * `CallError`, and then nothing changes: `too-large` (4,096 bytes of JSON), `bad-request`.
   */
  setUserData(data: unknown): Promise<void>;
  /** Refused by a `nonfatal-error` when the token gives a name. */
  setUserName(name: string): Promise<void>;

  /**
   * For owners; `*` is everybody else. Resolves when it has happened, rejects with a `CallError`, and
   * then nothing has: `not-allowed`, `bad-request`.
   */
  updateParticipant(id: string, update: ParticipantUpdate): Promise<void>;
  updateParticipants(updates: Record<string, ParticipantUpdate>): Promise<void>;
  updateRoom(update: RoomUpdate): Promise<void>;
  /**
   * Ask to be let in, after `access-state-updated` has said `waiting`: until then `join` waits, for as
   * long as it takes.
   */
  requestAccess(options?: { name?: string }): Promise<{ granted: boolean }>;
  /** For owners: let somebody in or not; `*` is all who wait. */
  updateWaitingParticipant(id: string, update: { grantRequestedAccess: boolean }): Promise<void>;
  updateWaitingParticipants(
    updates: Record<string, { grantRequestedAccess: boolean }>,
  ): Promise<void>;
  waitingParticipants(): WaitingParticipants;
  /** Null while we are in none. */
  room(): Room | null;
  /** JSON about the meeting as a whole, at most 16 KiB; for owners. */
  setMeetingSessionData(data: unknown): Promise<void>;
  meetingSessionState(): { data: unknown };

  /**
   * Give JSON to everybody else in the room, or to some session ids. Resolves when it is on its way;
   * rejects with a `CallError`, and then nobody gets it: `too-large` (4,096 bytes of JSON, unless the
   * server is configured otherwise), `not-allowed` (by the token), `too-many-messages` (a thousand
   * wait to be sent already), `bad-request`.
   */
  sendAppMessage(data: unknown, to?: '*' | string | string[]): Promise<void>;

  getNetworkTopology(): Promise<NetworkTopology>;
  /** For owners, in rooms whose topology is `auto`; otherwise a `nonfatal-error` says no. */
  setNetworkTopology(wish: TopologyWish): Promise<void>;
  getNetworkStats(): Promise<NetworkStats>;
  /** While something is being connected again: try it now, do not wait. */
  reconnect(): Promise<void>;
  getActiveSpeaker(): { peerId: string | null };

  on<Name extends keyof CallEvents>(name: Name, handler: (event: CallEvents[Name]) => void): this;
  once<Name extends keyof CallEvents>(name: Name, handler: (event: CallEvents[Name]) => void): this;
  off<Name extends keyof CallEvents>(name: Name, handler: (event: CallEvents[Name]) => void): this;
}

export declare function createCall(options?: CallOptions): Call;

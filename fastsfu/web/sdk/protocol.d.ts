/**
 * The messages of `/v1/signal` (subprotocol `fastsfu.v1`), as docs/signaling.md describes them.
 * Each interface has the name and the members of its model in fastsfu/http/messages.py; a test
 * compares them.
 */

import type { Publishable, Source } from './fastsfu.d.ts';

/** What somebody may do now. */
export interface Permissions {
  publish: Publishable[];
  subscribe: boolean;
  messages: boolean;
}

/** Somebody in the room. The flags say: published, permitted and not muted. */
export interface Participant {
  session_id: string;
  user_name: string;
  owner: boolean;
  user_data: unknown;
  audio: boolean;
  video: boolean;
  screenVideo: boolean;
  screenAudio: boolean;
  revision: number;
  joined_at: number;
  origin: string;
  /** Of the token. */
  user_id: string | null;
  permissions: Permissions;
  /** A host has turned these off, until the participant unmutes. */
  held: Publishable[];
  limited_by: SendingLimit[];
}

/** What makes what somebody sends less than it could be, as they say. */
export type SendingLimit = 'uplink' | 'cpu';

/** A picture that does not come whole, or not at all. */
export interface ReceivingLimit {
  session_id: string;
  source: Source;
  limit: 'bandwidth' | 'suspended';
}

/** Receiving sections that the next offer should have in all. */
export interface Sections {
  audio: number;
  video: number;
}

export interface RoomInfo {
  name: string;
  max_participants: number;
  ends_at: number | null;
  locked: boolean;
  enable_knocking: boolean;
}

/** Somebody who asks to be let in. */
export interface WaitingParticipant {
  id: string;
  user_name: string;
  user_id: string | null;
  since: number;
}

export interface ClientConfig {
  resume_timeout: number;
  max_message_bytes: number;
  max_user_data_bytes: number;
  max_app_message_bytes: number;
  can_send_messages: boolean;
}

export interface Subscribed {
  session_id: string;
  source: Source;
}

/** A TURN or STUN server. */
export interface IceServer {
  urls: string[];
  username: string | null;
  credential: string | null;
  /** Not for the connection to the server. */
  peer_only: boolean;
}

/** A P2P connection to have with another session; a new number is a new RTCPeerConnection. */
export interface PeerConnection {
  number: number;
  session_id: string;
  /** The other side offers first, and wins when both offer at once. */
  polite: boolean;
  /** Through TURN only. */
  relay: boolean;
}

/** What carries the call for this client. */
export interface Topology {
  /** What to show as soon as its media arrives. */
  topology: 'none' | 'peer' | 'sfu';
  /** Over what to send: both during a change. */
  sending: ('peer' | 'sfu')[];
  peer: PeerConnection | null;
}

/** A session that this client lost; its app messages go on in the new one. */
export interface PreviousSession {
  session_id: string;
  resume_key: string;
}

/** How much of a picture is wanted, where its sender has several encodings or layers of it. */
export interface VideoWish {
  max_height?: number | null;
  /** 0 is the smallest. */
  layer?: number | null;
  /** The greater wins. */
  priority?: number;
  /** Of those who spoke last. */
  last_n?: number | null;
}

/** Which sources to get: false declines one, what is absent stays as it is. */
export interface ReceiveSettings {
  audio?: boolean | null;
  video?: boolean | VideoWish | null;
  screenVideo?: boolean | VideoWish | null;
  screenAudio?: boolean | null;
}

/** What the others want of one encoding of a source. */
export interface WantedEncoding {
  /** Empty for a source that has one encoding. */
  rid: string;
  active: boolean;
  max_height: number | null;
  max_framerate: number | null;
}

// Client -> server

export interface Join {
  type: 'join';
  room: string;
  token?: string;
  name?: string;
  user_data?: unknown;
  sdk?: string;
  capabilities?: string[];
  replaces?: PreviousSession | null;
}

export interface Resume {
  type: 'resume';
  session_id: string;
  resume_key: string;
}

export interface Offer {
  type: 'offer';
  id: number;
  sdp: string;
  tracks: Record<string, Source>;
}

export interface Confirm {
  type: 'confirm';
  revision?: number;
}

export interface Update {
  type: 'update';
  audio?: boolean;
  video?: boolean;
  screenVideo?: boolean;
  screenAudio?: boolean;
  name?: string;
  user_data?: unknown;
  revision?: number;
  limited_by?: SendingLimit[];
}

export interface ReceiveSettingsMessage {
  type: 'receive-settings';
  settings: Record<string, ReceiveSettings>;
}

/** Both ways: relayed between the two. */
export interface PeerDescriptionMessage {
  type: 'peer-description';
  number: number;
  kind: 'offer' | 'answer';
  sdp: string;
}

/** Both ways: relayed between the two. */
export interface PeerCandidateMessage {
  type: 'peer-candidate';
  number: number;
  candidate: string;
  sdp_mid: string | null;
  sdp_mline_index: number | null;
  username_fragment: string | null;
}

export interface PeerState {
  type: 'peer-state';
  number: number;
  state: 'connected' | 'interrupted' | 'failed';
}

export interface CarriedMessage {
  type: 'carried';
  number: number;
  by: 'peer' | 'sfu';
}

export interface SetTopology {
  type: 'set-topology';
  topology: 'auto' | 'peer' | 'sfu';
}

export interface Unmute {
  type: 'unmute';
  sources: Publishable[];
}

/** Rights to give or take; what is absent stays as it is. */
export interface PermissionsUpdate {
  publish?: boolean | Publishable[] | null;
  subscribe?: boolean | null;
  messages?: boolean | null;
  owner?: boolean | null;
}

export interface ParticipantUpdate {
  user_name?: string | null;
  mute?: Publishable[];
  permissions?: PermissionsUpdate | null;
  eject?: boolean;
  ban?: boolean | number;
}

/** By session id; `*` is everybody else. */
export interface UpdateParticipants {
  type: 'update-participants';
  id: number;
  participants: Record<string, ParticipantUpdate>;
}

export interface UpdateRoom {
  type: 'update-room';
  id: number;
  locked?: boolean;
  enable_knocking?: boolean;
  max_participants?: number;
  ends_at?: number | null;
}

export interface SetSessionData {
  type: 'set-session-data';
  id: number;
  data: unknown;
}

export interface RequestAccess {
  type: 'request-access';
  name?: string;
}

/** By id, whether to let them in; `*` is all of them. */
export interface UpdateWaitingParticipants {
  type: 'update-waiting-participants';
  id: number;
  participants: Record<string, boolean>;
}

export interface RefreshToken {
  type: 'refresh-token';
  id: number;
  token: string;
}

export interface Ping {
  type: 'ping';
  id: number;
}

export interface Leave {
  type: 'leave';
}

export type ClientMessage =
  | Join
  | Resume
  | Offer
  | Confirm
  | Update
  | ReceiveSettingsMessage
  | PeerDescriptionMessage
  | PeerCandidateMessage
  | PeerState
  | CarriedMessage
  | SetTopology
  | Unmute
  | UpdateParticipants
  | UpdateRoom
  | SetSessionData
  | RequestAccess
  | UpdateWaitingParticipants
  | RefreshToken
  | Ping
  | Leave;

// Server -> client

export interface Joined {
  type: 'joined';
  session_id: string;
  resume_key: string;
  room: RoomInfo;
  session_data: unknown;
  waiting_participants: WaitingParticipant[];
  you: Participant;
  participants: Participant[];
  hidden_participants: number;
  active_speaker: string | null;
  sections: Sections;
  topology: Topology;
  /** Seconds between pings. */
  heartbeat: number;
  ice_servers: IceServer[];
  config: ClientConfig;
  /** Base URLs of servers that go on with the calls of this one when it is gone. */
  alternates: string[];
}

export interface Resumed {
  type: 'resumed';
  session_id: string;
  room: RoomInfo;
  session_data: unknown;
  waiting_participants: WaitingParticipant[];
  you: Participant;
  participants: Participant[];
  hidden_participants: number;
  active_speaker: string | null;
  sections: Sections;
  ice_servers: IceServer[];
  topology: Topology;
}

export interface Answer {
  type: 'answer';
  id: number;
  sdp: string;
  subscriptions: Record<string, Subscribed>;
  revision: number;
}

export interface SectionsMessage {
  type: 'sections';
  audio: number;
  video: number;
  offer: boolean;
  subscriptions: Record<string, Subscribed>;
  revision: number;
}

export interface ParticipantJoined {
  type: 'participant-joined';
  participant: Participant;
}

export interface ParticipantUpdated {
  type: 'participant-updated';
  participant: Participant;
}

/** A video of that session does not fit through the way to the client, or does again. */
export interface VideoSuspended {
  type: 'video-suspended';
  session_id: string;
  source: Source;
  suspended: boolean;
}

export interface LimitsMessage {
  type: 'limits';
  sources: ReceivingLimit[];
}

export interface HiddenParticipants {
  type: 'hidden-participants';
  count: number;
}

export interface ParticipantLeft {
  type: 'participant-left';
  session_id: string;
  reason: string;
}

/** While a room is busy. */
export interface Batch {
  type: 'batch';
  messages: (ParticipantJoined | ParticipantUpdated | ParticipantLeft)[];
}

export interface ActiveSpeaker {
  type: 'active-speaker';
  session_id: string | null;
}

/** Of a source of ours; replaces the one before. */
export interface Encodings {
  type: 'encodings';
  source: Source;
  encodings: WantedEncoding[];
}

export interface Connection {
  type: 'connection';
  state: 'connected' | 'interrupted';
}

export interface TopologyMessage {
  type: 'topology';
  topology: 'none' | 'peer' | 'sfu';
  sending: ('peer' | 'sfu')[];
  peer: PeerConnection | null;
}

/** A host has turned these off. */
export interface Muted {
  type: 'muted';
  sources: Publishable[];
}

export interface RoomUpdated {
  type: 'room-updated';
  room: RoomInfo;
}

export interface SessionData {
  type: 'session-data';
  data: unknown;
}

/** The answer to `join` where a host has to let us in. */
export interface Waiting {
  type: 'waiting';
  id: string;
  /** Seconds between pings. */
  heartbeat: number;
}

/** For owners. */
export interface WaitingParticipantsMessage {
  type: 'waiting-participants';
  participants: WaitingParticipant[];
}

export interface Done {
  type: 'done';
  id: number;
}

export interface TokenRefreshed {
  type: 'token-refreshed';
  id: number;
  expires_at: number | null;
}

export interface Pong {
  type: 'pong';
  id: number;
}

export interface Error {
  type: 'error';
  fatal: boolean;
  error: string;
  info: string;
  re: number | null;
}

export interface Moved {
  type: 'moved';
  /** Base URL of the server to join at, null: where we are, by another process. */
  url: string | null;
  alternates: string[];
}

export interface Ejected {
  type: 'ejected';
  reason: string;
}

export type ServerMessage =
  | Joined
  | Resumed
  | Answer
  | SectionsMessage
  | ParticipantJoined
  | ParticipantUpdated
  | HiddenParticipants
  | VideoSuspended
  | LimitsMessage
  | ParticipantLeft
  | Batch
  | ActiveSpeaker
  | Encodings
  | Connection
  | TopologyMessage
  | PeerDescriptionMessage
  | PeerCandidateMessage
  | Muted
  | RoomUpdated
  | SessionData
  | Done
  | Waiting
  | WaitingParticipantsMessage
  | TokenRefreshed
  | Pong
  | Error
  | Moved
  | Ejected;

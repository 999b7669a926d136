/** The messages of `/v1/signal` (subprotocol `fastsfu.v1`), as docs/signaling.md describes them. */

import type { Source } from './fastsfu.js';

export interface Sections {
  audio: number;
  video: number;
}

/** The flags say: published and not muted. */
export interface WireParticipant extends Record<Source, boolean> {
  session_id: string;
  user_name: string;
  owner: boolean;
  user_data: unknown;
  joined_at: number;
}

export interface Subscription {
  session_id: string;
  source: Source;
}

export type Update = Partial<Record<Source, boolean>> & { user_data?: unknown; name?: string };

export type ClientMessage =
  | { type: 'join'; room: string; token?: string; name?: string; user_data?: unknown; sdk: string }
  | { type: 'resume'; session_id: string; resume_key: string }
  | { type: 'offer'; id: number; sdp: string; tracks: Record<string, Source> }
  | ({ type: 'update' } & Update)
  | {
      type: 'receive-settings';
      settings: Record<string, Partial<Record<Source, boolean>>>;
    }
  | { type: 'ping'; id: number }
  | { type: 'leave' };

export interface Joined {
  type: 'joined';
  session_id: string;
  resume_key: string;
  room: { name: string; max_participants: number; ends_at?: number | null };
  you: WireParticipant;
  participants: WireParticipant[];
  sections: Sections;
  /** Seconds between pings. */
  heartbeat: number;
  config: { resume_timeout: number; max_message_bytes: number; max_user_data_bytes: number };
}

export interface Resumed {
  type: 'resumed';
  session_id: string;
  you: WireParticipant;
  participants: WireParticipant[];
  sections: Sections;
}

export interface Answer {
  type: 'answer';
  id: number;
  sdp: string;
  subscriptions: Record<string, Subscription>;
}

export interface WireError {
  type: 'error';
  fatal: boolean;
  error: string;
  info: string;
  re?: number | null;
}

export type ServerMessage =
  | Joined
  | Resumed
  | Answer
  | ({ type: 'sections' } & Sections)
  | { type: 'participant-joined'; participant: WireParticipant }
  | { type: 'participant-updated'; participant: WireParticipant }
  | { type: 'participant-left'; session_id: string; reason: string }
  | { type: 'active-speaker'; session_id: string | null }
  | { type: 'connection'; state: 'connected' | 'interrupted' }
  | { type: 'pong'; id: number }
  | WireError
  | { type: 'ejected'; reason: string };

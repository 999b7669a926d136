/**
 * The frames on a channel of app messages and metadata, as docs/app-messages.md describes them. Each
 * interface has the name and the members of its model in fastsfu/transport/frames.py; a test
 * compares them.
 */

export interface WireMessage {
  number: number;
  to?: '*' | string[];
  kind?: string;
  data: unknown;
  from?: string;
  origin?: string;
}

export interface Hello {
  type: 'hello';
}

export interface Welcome {
  type: 'welcome';
  received: number;
}

export interface Messages {
  type: 'messages';
  messages: WireMessage[];
}

export interface Ack {
  type: 'ack';
  count: number;
}

/** What a participant says of itself; the source members: whether it is on. */
export interface Metadata {
  type: 'metadata';
  revision: number;
  audio: boolean;
  video: boolean;
  screenVideo: boolean;
  screenAudio: boolean;
  user_data: unknown;
  from?: string;
}

export interface Refused {
  type: 'refused';
  number: number;
  error: string;
  info: string;
}

export interface Lost {
  type: 'lost';
  count: number;
}

export type Frame = Hello | Welcome | Messages | Ack | Metadata | Refused | Lost;

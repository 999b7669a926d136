// Pion behind the verbs of ../main.mjs: lines of JSON in and out. It encodes and decodes nothing.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
)

const frameTime = 66 * time.Millisecond

type request struct {
	ID       int      `json:"id"`
	Do       string   `json:"do"`
	Peer     string   `json:"peer"`
	Publish  bool     `json:"publish"`
	Watch    bool     `json:"watch"`
	Channels []string `json:"channels"`
	SDP      string   `json:"sdp"`
	Label    string   `json:"label"`
	Text     string   `json:"text"`
}

type seen struct {
	State string   `json:"state"`
	Got   []string `json:"got"`

	channel *webrtc.DataChannel
}

// peer is one connection.
type peer struct {
	pc       *webrtc.PeerConnection
	mutex    sync.Mutex
	frames   int
	channels map[string]*seen
	done     chan struct{}
}

func newPeer() (*peer, error) {
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	p := &peer{pc: pc, channels: map[string]*seen{}, done: make(chan struct{})}
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { p.count(track) })
	return p, nil
}

// count adds the frames of which every packet has come, by marker and sequence number.
func (p *peer) count(track *webrtc.TrackRemote) {
	var last uint16
	whole := false
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		if len(packet.Payload) == 0 {
			continue
		}
		begins := packet.Payload[0]&0x17 == 0x10
		whole = begins || (whole && packet.SequenceNumber == last+1)
		last = packet.SequenceNumber
		if packet.Marker && whole {
			p.mutex.Lock()
			p.frames++
			p.mutex.Unlock()
		}
	}
}

func (p *peer) offer(what request, film [][]byte) (string, error) {
	if what.Publish {
		codec := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}
		track, err := webrtc.NewTrackLocalStaticSample(codec, "picture", "film")
		if err != nil {
			return "", err
		}
		sender, err := p.pc.AddTrack(track)
		if err != nil {
			return "", err
		}
		go drain(sender)
		go p.show(track, film)
	}
	if what.Watch {
		init := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
		if _, err := p.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, init); err != nil {
			return "", err
		}
	}
	for _, label := range what.Channels {
		if err := p.open(label); err != nil {
			return "", err
		}
	}
	return p.describe(nil)
}

// drain reads RTCP, which makes the interceptors answer NACKs.
func drain(sender *webrtc.RTPSender) {
	for {
		if _, _, err := sender.ReadRTCP(); err != nil {
			return
		}
	}
}

func (p *peer) show(track *webrtc.TrackLocalStaticSample, film [][]byte) {
	for at := 0; ; at++ {
		select {
		case <-p.done:
			return
		case <-time.After(frameTime):
			_ = track.WriteSample(media.Sample{Data: film[at%len(film)], Duration: frameTime})
		}
	}
}

func (p *peer) open(label string) error {
	channel, err := p.pc.CreateDataChannel(label, nil)
	if err != nil {
		return err
	}
	found := &seen{State: "connecting", Got: []string{}, channel: channel}
	p.channels[label] = found
	note := func(change func()) {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		change()
	}
	channel.OnOpen(func() { note(func() { found.State = "open" }) })
	channel.OnClose(func() { note(func() { found.State = "closed" }) })
	channel.OnMessage(func(message webrtc.DataChannelMessage) {
		note(func() { found.Got = append(found.Got, string(message.Data)) })
	})
	return nil
}

// describe makes an offer with all candidates in it.
func (p *peer) describe(options *webrtc.OfferOptions) (string, error) {
	offer, err := p.pc.CreateOffer(options)
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err = p.pc.SetLocalDescription(offer); err != nil {
		return "", err
	}
	<-gathered
	return p.pc.LocalDescription().SDP, nil
}

func (p *peer) state() map[string]any {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	channels := map[string]seen{}
	for label, found := range p.channels {
		channels[label] = *found
	}
	return map[string]any{
		"connection": p.pc.ConnectionState().String(), "frames": p.frames, "channels": channels,
	}
}

func (p *peer) do(what request, film [][]byte) (map[string]any, error) {
	switch what.Do {
	case "offer":
		sdp, err := p.offer(what, film)
		return map[string]any{"sdp": sdp}, err
	case "answer":
		answer := webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: what.SDP}
		return map[string]any{}, p.pc.SetRemoteDescription(answer)
	case "restart":
		sdp, err := p.describe(&webrtc.OfferOptions{ICERestart: true})
		return map[string]any{"sdp": sdp}, err
	case "say":
		return map[string]any{}, p.channels[what.Label].channel.SendText(what.Text)
	case "state":
		return p.state(), nil
	case "close":
		close(p.done)
		return map[string]any{}, p.pc.Close()
	}
	return nil, errors.New("no such verb: " + what.Do)
}

func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/pion/webrtc/v4" {
			return module.Version
		}
	}
	return "?"
}

// readFilm takes the frames of an IVF file.
func readFilm(path string) ([][]byte, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var frames [][]byte
	for at := 32; at+12 <= len(file); {
		size := int(binary.LittleEndian.Uint32(file[at:]))
		frames = append(frames, file[at+12:at+12+size])
		at += 12 + size
	}
	return frames, nil
}

func main() {
	film, err := readFilm(os.Args[1])
	if err != nil {
		panic(err)
	}
	peers := map[string]*peer{}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var what request
		if err := json.Unmarshal(lines.Bytes(), &what); err != nil {
			panic(err)
		}
		told, err := answer(peers, what, film)
		if err != nil {
			told = map[string]any{"error": err.Error()}
		}
		told["id"] = what.ID
		line, _ := json.Marshal(told)
		fmt.Println(string(line))
	}
}

func answer(peers map[string]*peer, what request, film [][]byte) (map[string]any, error) {
	if what.Do == "version" {
		return map[string]any{"version": version()}, nil
	}
	if what.Do == "offer" {
		made, err := newPeer()
		if err != nil {
			return nil, err
		}
		peers[what.Peer] = made
	}
	found, known := peers[what.Peer]
	if !known {
		return nil, errors.New("no such peer: " + what.Peer)
	}
	return found.do(what, film)
}

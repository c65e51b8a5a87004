package sender

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"allclear/internal/webhook"
)

// nameServer answers every question on loopback with the addresses that a test gives it.
type nameServer struct {
	mutex     sync.Mutex
	addresses []netip.Addr
	asked     int
}

func (n *nameServer) set(addresses ...string) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.addresses = nil
	for _, a := range addresses {
		n.addresses = append(n.addresses, netip.MustParseAddr(a))
	}
}

// resolver starts the server and gives a resolver that asks it and nobody else.
func (n *nameServer) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	var config net.ListenConfig
	conn, err := config.ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for {
			size, peer, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			if answer := n.answer(buffer[:size]); answer != nil {
				_, _ = conn.WriteTo(answer, peer)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func (n *nameServer) answer(question []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(question) != nil || len(m.Questions) != 1 {
		return nil
	}
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.asked++
	asked := m.Questions[0]
	for _, a := range n.addresses {
		header := dnsmessage.ResourceHeader{Name: asked.Name, Type: asked.Type, Class: asked.Class}
		switch {
		case asked.Type == dnsmessage.TypeA && a.Is4():
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: a.As4()}})
		case asked.Type == dnsmessage.TypeAAAA && a.Is6():
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
		}
	}
	packed, err := m.Pack()
	if err != nil {
		return nil
	}
	return packed
}

func TestANameThatLeadsToAPrivateAddressIsNotConnectedTo(t *testing.T) {
	names := &nameServer{}
	s := New(Options{Resolver: names.resolver(t)})
	e := endpoint(t, webhook.Rules{}, "https://rebind.example.com/secret")
	for _, address := range []string{
		"127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "192.168.1.1",
		"::1", "fd00:ec2::254", "fe80::1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "::ffff:10.0.0.1", "::",
	} {
		names.set(address)
		got := s.Send(t.Context(), Post{Endpoint: e})
		if got.Outcome != Blocked || got.Status != 0 || got.Err == nil {
			t.Errorf("%s: got %+v", address, got)
		} else if strings.Contains(got.Err.Error(), "secret") {
			t.Errorf("%s: the error tells the address: %v", address, got.Err)
		}
	}
	names.mutex.Lock()
	defer names.mutex.Unlock()
	if names.asked == 0 {
		t.Error("nobody was asked for the name")
	}
}

// The name is public when the endpoint is checked, and at the first post; then it is made to lead
// to this machine, where something would answer.
func TestANameThatIsReboundBetweenTwoPostsReachesNobody(t *testing.T) {
	arrived := make(chan struct{}, 10)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			arrived <- struct{}{}
		}
	}
	server.Start()
	defer server.Close()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	names := &nameServer{}
	resolver := names.resolver(t)
	names.set("127.0.0.1")

	// The transport of a Sender, on the port of the server: whoever does not look at the address gets there.
	blind := &net.Dialer{Resolver: resolver}
	conn, err := blind.DialContext(t.Context(), "tcp", "rebind.example.com:"+u.Port())
	if err != nil {
		t.Fatalf("the name does not lead here: %v", err)
	}
	<-arrived
	conn.Close()

	transport := New(Options{Resolver: resolver}).client.Transport.(*http.Transport)
	if conn, err := transport.DialContext(t.Context(), "tcp", "rebind.example.com:"+u.Port()); err == nil {
		conn.Close()
		t.Error("a name that leads to this machine is connected to")
	} else if !strings.Contains(err.Error(), "127.0.0.1 is not a public address: loopback") {
		t.Errorf("got %v", err)
	}
	if len(arrived) > 0 {
		t.Errorf("%d connections arrived", len(arrived))
	}
}

func TestOnlyTCPToAnAddressOnPort443IsConnected(t *testing.T) {
	s := New(Options{})
	for _, c := range []struct {
		network, address string
		want             bool
	}{
		{"tcp4", "8.8.8.8:443", true},
		{"tcp6", "[2606:4700:4700::1111]:443", true},
		{"tcp4", "8.8.8.8:80", false},
		{"tcp4", "127.0.0.1:443", false},
		{"udp4", "8.8.8.8:443", false},
		{"unix", "/run/docker.sock", false},
		{"tcp4", "example.com:443", false},
		{"tcp6", "[fe80::1%lo]:443", false},
	} {
		if got := s.control(c.network, c.address, nil) == nil; got != c.want {
			t.Errorf("%s %s: got %t, want %t", c.network, c.address, got, c.want)
		}
	}
}

// FuzzNothingThatIsTakenIsDialledPrivately lets the address of an endpoint that was taken through
// the same gate that a connection goes through, for every address that its host spells.
func FuzzNothingThatIsTakenIsDialledPrivately(f *testing.F) {
	for _, seed := range []string{"8.8.8.8", "127.0.0.1", "[::1]", "[2606:4700::1]", "2130706433", "[::ffff:7f00:1]", "0x7f.1"} {
		f.Add(seed)
	}
	s := New(Options{})
	f.Fuzz(func(t *testing.T, host string) {
		e, err := webhook.Rules{}.ParseEndpoint("endpoint", "https://"+host+"/")
		if err != nil {
			return
		}
		address, err := netip.ParseAddr(e.Host())
		if err != nil {
			return // a name: its address is looked at when it is known
		}
		if err := s.control("tcp4", netip.AddrPortFrom(address, 443).String(), nil); err != nil {
			t.Errorf("%q is taken and not dialled: %v", host, err)
		}
		if address.IsPrivate() || address.IsLoopback() || address.IsLinkLocalUnicast() || address.Is4In6() {
			t.Errorf("%q is dialled", host)
		}
	})
}

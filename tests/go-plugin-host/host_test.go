// Package host runs the example plugin of crates/go-plugin under go-plugin's own host library.
package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const example = "../../target/ci/echo-plugin"

// echo gives the connection itself: the plugin answers every method with the text of the request.
type echo struct{ plugin.NetRPCUnsupportedPlugin }

func (echo) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error { return errors.New("this is the host") }
func (echo) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return conn, nil
}

func say(client *plugin.Client, text string) (string, error) {
	protocol, err := client.Client()
	if err != nil {
		return "", err
	}
	conn, err := protocol.Dispense("echo")
	if err != nil {
		return "", err
	}
	answer := &wrapperspb.StringValue{}
	err = conn.(*grpc.ClientConn).Invoke(context.Background(), "/echo.Echo/Say", wrapperspb.String(text), answer)
	return answer.Value, err
}

// log is what the host logs, as JSON.
type log struct {
	lock  sync.Mutex
	lines bytes.Buffer
}

func (l *log) Write(line []byte) (int, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.lines.Write(line)
}

func (l *log) find(t *testing.T, message string) map[string]any {
	t.Helper()
	l.lock.Lock()
	defer l.lock.Unlock()
	for line := range strings.Lines(l.lines.String()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if text, _ := entry["@message"].(string); strings.Contains(text, message) {
			return entry
		}
	}
	t.Fatalf("nothing like %q in\n%s", message, l.lines.String())
	return nil
}

func (l *log) String() string {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.lines.String()
}

func versions(numbers ...int) map[int]plugin.PluginSet {
	sets := map[int]plugin.PluginSet{}
	for _, number := range numbers {
		sets[number] = plugin.PluginSet{"echo": echo{}}
	}
	return sets
}

// start makes a host of the plugin, whose sockets are in a folder of their own: the last result lists them.
func start(t *testing.T, change func(*plugin.ClientConfig)) (*plugin.Client, *log, func() []string) {
	t.Helper()
	folder, logged := t.TempDir(), &log{}
	t.Setenv("TMPDIR", folder)
	config := &plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: 1, MagicCookieKey: "ECHO_PLUGIN", MagicCookieValue: "hello",
		},
		VersionedPlugins: versions(1),
		Cmd:              exec.Command(example),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, JSONFormat: true, Output: logged}),
	}
	if change != nil {
		change(config)
	}
	client := plugin.NewClient(config)
	t.Cleanup(client.Kill)
	return client, logged, func() []string {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		names := []string{}
		for _, entry := range entries {
			names = append(names, entry.Name())
		}
		return names
	}
}

func TestThePluginServesAndEndsGracefully(t *testing.T) {
	client, logged, sockets := start(t, nil)
	protocol, err := client.Client()
	if err != nil {
		t.Fatalf("%v\n%s", err, logged)
	}
	if err := protocol.Ping(); err != nil {
		t.Fatal(err)
	}
	if text, err := say(client, "hello"); text != "hello" || err != nil {
		t.Fatalf("%q, %v", text, err)
	}
	if names := sockets(); len(names) != 1 {
		t.Fatalf("sockets: %v", names)
	}
	killed := time.Now()
	client.Kill()
	if took := time.Since(killed); took > 2*time.Second || !client.Exited() {
		t.Errorf("ended after %v: %v", took, client.Exited())
	}
	if names := sockets(); len(names) != 0 {
		t.Errorf("left behind: %v", names)
	}
	logged.find(t, "all is written")
	exited := logged.find(t, "plugin process exited")
	if exited["error"] != nil {
		t.Errorf("%v", exited)
	}
	for _, unwanted := range []string{"failed to exit gracefully", `"@level":"error"`, "stdio service not available"} {
		if strings.Contains(logged.String(), unwanted) {
			t.Errorf("%s in\n%s", unwanted, logged)
		}
	}
}

func TestLogLinesArriveAtTheirLevelsWithTheirKeys(t *testing.T) {
	client, logged, _ := start(t, nil)
	if _, err := say(client, "hello"); err != nil {
		t.Fatal(err)
	}
	client.Kill()
	for _, expected := range []struct {
		message, level, key string
		value               any
	}{
		{"plugin starts", "info", "version", 1.0},
		{"plugin starts", "info", "ready", true},
		{"a warning", "warn", "share", 0.5},
		{"a detail", "debug", "text", "a\nb"},
		{"plugin ended", "info", "ending", "Shutdown"},
	} {
		entry := logged.find(t, expected.message)
		if entry["@message"] != expected.message || entry["@level"] != expected.level || entry[expected.key] != expected.value {
			t.Errorf("%+v: %v", expected, entry)
		}
	}
}

func TestAPanicIsAnErrorAndThePluginGoesOn(t *testing.T) {
	client, logged, _ := start(t, nil)
	if _, err := say(client, "panic"); err == nil {
		t.Fatal("no error")
	}
	if text, err := say(client, "alive"); text != "alive" {
		t.Fatal(err)
	}
	client.Kill()
	if entry := logged.find(t, "asked to panic"); entry["@level"] != "error" {
		t.Errorf("%v", entry)
	}
}

func TestTheHighestCommonVersionIsNegotiated(t *testing.T) {
	client, logged, _ := start(t, func(config *plugin.ClientConfig) { config.VersionedPlugins = versions(1, 2, 3) })
	if _, err := client.Start(); err != nil || client.NegotiatedVersion() != 2 {
		t.Fatalf("%d, %v\n%s", client.NegotiatedVersion(), err, logged)
	}
}

// What the plugin cannot do fails at once, and the host's log says why.
func TestRefusalsAreFastAndInTheHostsLog(t *testing.T) {
	for name, refusal := range map[string]struct {
		change   func(*plugin.ClientConfig)
		sentence string
	}{
		"AutoMTLS": {
			func(config *plugin.ClientConfig) { config.AutoMTLS = true },
			"set AutoMTLS to false in the host's plugin.ClientConfig",
		},
		"version": {
			func(config *plugin.ClientConfig) { config.ProtocolVersion, config.VersionedPlugins = 7, versions(7) },
			"the host speaks version 7 of this plugin's protocol and the plugin version 1,2",
		},
		"group": {
			func(config *plugin.ClientConfig) {
				config.UnixSocketConfig = &plugin.UnixSocketConfig{Group: "no such group"}
			},
			"cannot give the socket to the group",
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, logged, sockets := start(t, refusal.change)
			began := time.Now()
			if _, err := client.Start(); err == nil {
				t.Fatal("no error")
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("only after %v", took)
			}
			client.Kill()
			if entry := logged.find(t, refusal.sentence); entry["@level"] != "error" {
				t.Errorf("%v", entry)
			}
			if names := sockets(); len(names) != 0 {
				t.Errorf("left behind: %v", names)
			}
		})
	}
}

func TestMultiplexingIsDeclined(t *testing.T) {
	client, _, _ := start(t, func(config *plugin.ClientConfig) { config.GRPCBrokerMultiplex = true })
	if _, err := client.Start(); !errors.Is(err, plugin.ErrGRPCBrokerMuxNotSupported) {
		t.Fatal(err)
	}
}

func TestTheGroupThatTheHostAsksForMayOpenTheSocket(t *testing.T) {
	client, logged, sockets := start(t, func(config *plugin.ClientConfig) {
		config.UnixSocketConfig = &plugin.UnixSocketConfig{Group: strconv.Itoa(os.Getgid())}
	})
	if text, err := say(client, "hello"); text != "hello" {
		t.Fatalf("%v\n%s", err, logged)
	}
	info, err := os.Stat(os.Getenv("TMPDIR") + "/" + slices.Concat(sockets(), []string{"none"})[0])
	if err != nil || info.Mode().Perm() != 0o660 {
		t.Fatalf("%v, %v", info, err)
	}
}

package ring

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	jaegerjson "github.com/jaegertracing/jaeger/model/json"
)

// TestSidecarDependencies has v1.57 with short windows; it starts twice, the second time with more sources.
func TestSidecarDependencies(t *testing.T) {
	useOwnFolders(t)
	t.Setenv("JAEGER_DYNAMODB_WINDOW", "1s")
	t.Setenv("JAEGER_DYNAMODB_WINDOW_GRACE", "1s")
	t.Setenv("JAEGER_DYNAMODB_HTTP_LISTEN", "127.0.0.1:17272")
	t.Setenv("METRICS_ENDPOINT", "http://127.0.0.1:17272/metrics")
	jaeger := startAllInOne(t, "--collector.queue-size=100000")
	bank := newCall("ring-shop", "ring-bank", time.Now())
	sidecar.exportByHTTP(t, bank.callingPeer())
	sent := graph{}
	for _, load := range []load{{seed: 5}, {seed: 6, isRepeated: true}} {
		before := metric(t, "spans_committed_total")
		spans := load.startSending(t, sidecar)()
		sent.add(load.graph(t))
		requireCounted(t, sent, sidecar)
		requireGiven(t, before, spans)
	}
	requireJoined(t)
	jaeger.stop(t)

	t.Setenv("JAEGER_DYNAMODB_DEPENDENCY_SOURCES", "calls,virtual")
	jaeger = startAllInOne(t)
	requirePeers(t, sent, bank.graph())
	jaeger.stop(t)
}

// requirePeers has the calls that there were before, and beside them those of who sends no spans: by the spans that are
// found, and one that was made up.
func requirePeers(t *testing.T, sent, madeUp graph) {
	peers := sidecar.dependencies(t, asTheUI())
	for pair := range sent {
		require.Equal(t, sent[pair], peers[pair], "%v", pair)
		delete(peers, pair)
	}
	t.Logf("calls of who sends no spans: %q", peers.lines())
	for pair, calls := range madeUp {
		require.Equal(t, calls, peers[pair], "%v", pair)
		delete(peers, pair)
	}
	bySystem := graph{}
	for called, calls := range peers {
		system, _, _ := strings.Cut(called.child, "/")
		bySystem[pair{called.parent, system}] += calls
	}
	require.Equal(t, sidecar.databaseCalls(t).lines(), bySystem.lines())
}

// databaseCalls are counted on the spans of all traces: those of clients without children that name a database's system.
func (j jaeger) databaseCalls(t *testing.T) graph {
	const most = 1500
	calling, isParent := map[jaegerjson.SpanID]pair{}, map[jaegerjson.SpanID]bool{}
	for _, service := range j.services(t) {
		traces := j.search(t, limited(url.Values{"service": {service}}, most))
		require.Less(t, len(traces), most)
		for _, trace := range traces {
			for _, span := range trace.Spans {
				tags := textTags(span)
				if system := tags["db.system"] + tags["db.system.name"]; system != "" && tags["span.kind"] == "client" {
					calling[span.SpanID] = pair{trace.Processes[span.ProcessID].ServiceName, system}
				}
				for _, reference := range span.References {
					isParent[reference.SpanID] = true
				}
			}
		}
	}
	calls := graph{}
	for span, called := range calling {
		if !isParent[span] {
			calls[called]++
		}
	}
	require.Greater(t, len(calls), 2)
	return calls
}

func textTags(span jaegerjson.Span) map[string]string {
	tags := map[string]string{}
	for _, tag := range span.Tags {
		tags[tag.Key], _ = tag.Value.(string)
	}
	return tags
}

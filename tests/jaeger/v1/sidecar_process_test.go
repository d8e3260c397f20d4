package ring

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/stretchr/testify/require"

	"github.com/jaegertracing/jaeger/model"
	"github.com/jaegertracing/jaeger/proto-gen/api_v2"
)

const spansPerBatch = 20

// Jaeger looks after its plugin once in 60 s.
const untilJaegerNotices = 75 * time.Second

func TestSidecarLogs(t *testing.T) {
	useOwnFolders(t)
	t.Setenv("GRPC_STORAGE_PLUGIN_LOG_LEVEL", "debug")
	// Each window that is derived is worth a line at debug.
	t.Setenv("JAEGER_DYNAMODB_WINDOW", "1s")
	t.Setenv("JAEGER_DYNAMODB_WINDOW_GRACE", "1s")
	jaeger := startAllInOne(t, "--grpc-storage-plugin.log-level=debug")
	sidecar.postSpans(t, model.Batch{Spans: searchedSpans()})
	require.Eventually(t, func() bool { return jaeger.hasLogged(t, "DEBUG", "records") }, 20*time.Second, 100*time.Millisecond)
	require.True(t, jaeger.hasLogged(t, "INFO", "table"))
	jaeger.stop(t)

	// What the host cannot parse it shows as it is, at debug; to all else it adds the time that the plugin has given it.
	for line := range strings.Lines(jaeger.logged(t)) {
		if strings.Contains(line, " jaeger-dynamodb-plugin: ") {
			require.Contains(t, line, " timestamp=20")
		}
	}
}

// hasLogged tells of a line of our own, at that level and with that key.
func (a *allInOne) hasLogged(t *testing.T, level, key string) bool {
	ours := regexp.MustCompile(`(?m)^\S+ \[` + level + `\] +jaeger-dynamodb-plugin: .+: .*$`)
	return slices.ContainsFunc(ours.FindAllString(a.logged(t), -1), func(line string) bool {
		return strings.Contains(line, " @module=jaeger_dynamodb_") && strings.Contains(line, " "+key+"=")
	})
}

// TestSidecarKilled has the plugin die while Jaeger writes.
func TestSidecarKilled(t *testing.T) {
	useOwnFolders(t)
	jaeger := startAllInOne(t)
	stopSending := send(t)
	require.Eventually(t, func() bool { return saved(t) > 100*spansPerBatch }, 30*time.Second, 10*time.Millisecond)
	processes := plugins(t)
	require.Len(t, processes, 1)
	require.NoError(t, syscall.Kill(processes[0], syscall.SIGKILL))
	killed := time.Now()
	requireNoPluginsSoon(t)
	accepted := stopSending()

	acknowledged := 0
	for !jaeger.hasEnded() && time.Since(killed) < untilJaegerNotices {
		acknowledged = max(acknowledged, saved(t))
		time.Sleep(100 * time.Millisecond)
	}
	require.False(t, jaeger.awaitEnd(t, time.Second).Success())
	require.Contains(t, jaeger.logged(t), "plugin health check failed")
	t.Logf("Jaeger ended after %v; of the %d spans that it had accepted, %d were acknowledged", time.Since(killed), accepted, acknowledged)

	jaeger = startAllInOne(t)
	found := sidecar.spansOf(t, "ring-crash")
	t.Logf("%d are there", found)
	require.GreaterOrEqual(t, found, acknowledged)
	jaeger.stop(t)
}

// TestJaegerKilled has Jaeger die while it writes.
func TestJaegerKilled(t *testing.T) {
	sockets := useOwnFolders(t)
	jaeger := startAllInOne(t)
	send(t)
	require.Eventually(t, func() bool { return saved(t) > 100*spansPerBatch }, 30*time.Second, 10*time.Millisecond)
	acknowledged := saved(t)
	require.Len(t, plugins(t), 1)
	require.NoError(t, jaeger.process.Kill())
	requireNoPluginsSoon(t)
	requireEmpty(t, sockets)

	jaeger = startAllInOne(t)
	require.GreaterOrEqual(t, sidecar.spansOf(t, "ring-crash"), acknowledged)
	jaeger.stop(t)
}

func TestJaegerStartedAndStopped(t *testing.T) {
	sockets := useOwnFolders(t)
	for range 50 {
		startAllInOne(t).stop(t)
		requireEmpty(t, sockets)
	}
}

func TestPluginStartedAndStopped(t *testing.T) {
	sockets := useOwnFolders(t)
	var logged bytes.Buffer
	usual := hclog.DefaultOutput
	hclog.DefaultOutput = &logged
	defer func() { hclog.DefaultOutput = usual }()

	var slowestStart, slowestEnd time.Duration
	for range 50 {
		began := time.Now()
		factory := startPlugin(t, given(t, "PLUGIN_CONFIG"))
		started := time.Now()
		require.Len(t, plugins(t), 1)
		require.NoError(t, factory.Close())
		slowestStart, slowestEnd = max(slowestStart, started.Sub(began)), max(slowestEnd, time.Since(started))
		require.Empty(t, plugins(t))
		requireEmpty(t, sockets)
	}
	require.NotContains(t, logged.String(), "plugin failed to exit gracefully")
	require.NotContains(t, logged.String(), "plugin process exited", "it ended with an error")
	require.Less(t, slowestStart, time.Second)
	t.Logf("starts took %v at most, ends %v", slowestStart, slowestEnd)
}

// send lets Jaeger have spans of the service ring-crash until the result is called, which is how many it has accepted.
func send(t *testing.T) (stop func() int) {
	client := api_v2.NewCollectorServiceClient(dial(t, sidecar.apiV2))
	sending, cancel := context.WithCancel(context.Background())
	accepted, done := 0, make(chan struct{})
	go func() {
		defer close(done)
		for trace := uint64(1); sending.Err() == nil; trace++ {
			if _, err := client.PostSpans(sending, &api_v2.PostSpansRequest{Batch: crashBatch(trace)}); err == nil {
				accepted += spansPerBatch
			}
			time.Sleep(time.Millisecond)
		}
	}()
	stop = func() int {
		cancel()
		<-done
		return accepted
	}
	t.Cleanup(func() { stop() })
	return stop
}

func crashBatch(trace uint64) model.Batch {
	batch := model.Batch{Process: model.NewProcess("ring-crash", nil)}
	for id := uint64(1); id <= spansPerBatch; id++ {
		batch.Spans = append(batch.Spans, &model.Span{
			TraceID: model.NewTraceID(5, trace), SpanID: model.NewSpanID(id), OperationName: "crash", StartTime: time.Now(),
		})
	}
	return batch
}

// saved is how many spans of ring-crash Jaeger knows to be stored, or 0 when it has ended.
func saved(t *testing.T) int {
	answer, err := http.Get(allInOneAdmin + "/metrics")
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	metrics, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0
	}
	line := regexp.MustCompile(`(?m)^jaeger_collector_spans_saved_by_svc_total\{.*result="ok",svc="ring-crash"\} (\d+)`)
	found := line.FindSubmatch(metrics)
	if found == nil {
		return 0
	}
	count, err := strconv.Atoi(string(found[1]))
	require.NoError(t, err)
	return count
}

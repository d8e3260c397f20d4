package ring

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jaegertracing/jaeger/plugin/storage/grpc"
)

// sidecar is where v1.57 listens unless it is told otherwise, allInOneAdmin where it tells how it is.
var sidecar = jaeger{"127.0.0.1:14250", "127.0.0.1:4317", "http://127.0.0.1:4318", "http://127.0.0.1:16686"}

const allInOneAdmin = "http://127.0.0.1:14269"

// given is a path that run.sh hands over.
func given(t *testing.T, variable string) string {
	path, err := filepath.EvalSymlinks(os.Getenv(variable))
	require.NoError(t, err, "%s", variable)
	require.True(t, filepath.IsAbs(path), "%s is %q", variable, path)
	return path
}

// useOwnFolders gives plugins that are started from now on a new data directory, and returns the folder of their sockets.
func useOwnFolders(t *testing.T) string {
	// The folders of the test itself have names too long for a socket.
	sockets, err := os.MkdirTemp("", "ring")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(sockets)) })
	t.Setenv("JAEGER_DYNAMODB_DATA_DIR", t.TempDir())
	t.Setenv("TMPDIR", sockets)
	return sockets
}

func pluginFlags(t *testing.T, config string) []string {
	return []string{
		"--grpc-storage-plugin.binary=" + given(t, "PLUGIN"), "--grpc-storage-plugin.configuration-file=" + config,
	}
}

// startPlugin has this process be the host, with the code of Jaeger v1.57.
func startPlugin(t *testing.T, config string) *grpc.Factory {
	return factoryOf(t, pluginFlags(t, config)...)
}

// allInOne is a process of v1.57 with our plugin as its child.
type allInOne struct {
	process *os.Process
	log     string
	ended   chan struct{}
	state   *os.ProcessState
}

func startAllInOne(t *testing.T, flags ...string) *allInOne {
	log, err := os.OpenFile(given(t, "LOGS")+"/all-in-one-"+t.Name()+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	require.NoError(t, err)
	command := exec.Command(given(t, "ALL_IN_ONE"), append(pluginFlags(t, given(t, "PLUGIN_CONFIG")), flags...)...)
	command.Env = append(os.Environ(), "SPAN_STORAGE_TYPE=grpc-plugin", "OTEL_TRACES_SAMPLER=always_off")
	command.Stdout, command.Stderr = log, log
	require.NoError(t, command.Start())
	require.NoError(t, log.Close())
	a := &allInOne{process: command.Process, log: log.Name(), ended: make(chan struct{})}
	go func() {
		_ = command.Wait()
		a.state = command.ProcessState
		close(a.ended)
	}()
	t.Cleanup(func() {
		_ = a.process.Kill()
		<-a.ended
	})
	require.Eventually(t, func() bool { return a.hasEnded() || answers(allInOneAdmin) }, 30*time.Second, 50*time.Millisecond)
	require.False(t, a.hasEnded(), "Jaeger ended at once: see %s", a.log)
	return a
}

func (a *allInOne) hasEnded() bool {
	select {
	case <-a.ended:
		return true
	default:
		return false
	}
}

// awaitEnd returns how it ended.
func (a *allInOne) awaitEnd(t *testing.T, within time.Duration) *os.ProcessState {
	select {
	case <-a.ended:
		return a.state
	case <-time.After(within):
		require.FailNow(t, "Jaeger goes on", "after %v", within)
		return nil
	}
}

func (a *allInOne) stop(t *testing.T) {
	require.NoError(t, a.process.Signal(syscall.SIGTERM))
	require.True(t, a.awaitEnd(t, 15*time.Second).Success(), "%v", a.state)
	require.NotContains(t, a.logged(t), "plugin failed to exit gracefully")
	require.Empty(t, plugins(t))
}

func (a *allInOne) logged(t *testing.T) string {
	text, err := os.ReadFile(a.log)
	require.NoError(t, err)
	return string(text)
}

func answers(url string) bool {
	answer, err := http.Get(url)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// plugins are the processes of our plugin, whoever has started them.
func plugins(t *testing.T) (processes []int) {
	executables, err := filepath.Glob("/proc/[0-9]*/exe")
	require.NoError(t, err)
	for _, executable := range executables {
		// Most that end meanwhile cannot be read any more.
		if path, err := os.Readlink(executable); err == nil && path == given(t, "PLUGIN") {
			process, err := strconv.Atoi(strings.Split(executable, "/")[2])
			require.NoError(t, err)
			processes = append(processes, process)
		}
	}
	return processes
}

func requireNoPluginsSoon(t *testing.T) {
	require.Eventually(t, func() bool { return len(plugins(t)) == 0 }, 3*time.Second, 50*time.Millisecond)
}

func requireEmpty(t *testing.T, folder string) {
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, entries)
}

package ring

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSidecarMisuse starts the plugin by hand, in ways that cannot work. Each is answered with what to do instead.
func TestSidecarMisuse(t *testing.T) {
	sockets := useOwnFolders(t)
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "config.yaml")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	asHost := []string{"STORAGE_PLUGIN=jaeger", "PLUGIN_PROTOCOL_VERSIONS=1"}
	withKeys := slices.Concat(asHost, []string{"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local"})
	inRegion := slices.Concat(asHost, []string{"AWS_REGION=eu-central-1"})
	wiping := []string{"JAEGER_DYNAMODB_WIPE_ON_START=true"}
	for name, misuse := range map[string]struct {
		environment []string
		config      string
		sentences   []string
	}{
		"no cookie":     {nil, "", []string{"STORAGE_PLUGIN", "start the program that it is made for"}},
		"wrong cookie":  {[]string{"STORAGE_PLUGIN=zipkin"}, "", []string{"STORAGE_PLUGIN"}},
		"version":       {[]string{"STORAGE_PLUGIN=jaeger", "PLUGIN_PROTOCOL_VERSIONS=7"}, "", []string{"version 7", "use releases"}},
		"missing file":  {asHost, "/nonexistent/config.yaml", []string{"/nonexistent/config.yaml", "cannot be read"}},
		"broken file":   {asHost, file("storage: [aws"), []string{"config.yaml", "is not a flat YAML mapping of settings"}},
		"unknown key":   {asHost, file("data_dri: /tmp"), []string{"config.yaml", "data_dri", "data_dir"}},
		"old key":       {asHost, file("dynamodb:\n  endpoint: http://localhost:8000\n"), []string{"endpoint_url"}},
		"no region":     {withKeys, file("storage: aws"), []string{"no AWS region found", "set AWS_REGION"}},
		"no keys":       {inRegion, file("storage: aws"), []string{"no AWS credentials found", "set AWS_ACCESS_KEY_ID"}},
		"wiping of AWS": {slices.Concat(inRegion, wiping), file("storage: aws"), []string{"JAEGER_DYNAMODB_WIPE_ON_START"}},
	} {
		t.Run(name, func(t *testing.T) { requireRefused(t, misuse.environment, misuse.config, misuse.sentences) })
	}

	t.Run("locked data directory", func(t *testing.T) {
		factory := startPlugin(t, given(t, "PLUGIN_CONFIG"))
		defer func() { require.NoError(t, factory.Close()) }()
		folder := os.Getenv("JAEGER_DYNAMODB_DATA_DIR")
		environment := slices.Concat(asHost, []string{"JAEGER_DYNAMODB_DATA_DIR=" + folder})
		requireRefused(t, environment, "", []string{folder, "storage: aws", "jaeger-dynamodb-server"})
	})
	requireEmpty(t, sockets)
}

func requireRefused(t *testing.T, environment []string, config string, sentences []string) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	plugin := exec.CommandContext(ctx, given(t, "PLUGIN"), "--config", config)
	plugin.Dir = t.TempDir()
	// Whoever runs this may have AWS all around.
	plugin.Env = append([]string{"HOME=" + plugin.Dir, "TMPDIR=" + os.Getenv("TMPDIR"), "AWS_EC2_METADATA_DISABLED=true"}, environment...)
	var stdout, stderr bytes.Buffer
	plugin.Stdout, plugin.Stderr = &stdout, &stderr
	err := plugin.Run()

	require.NoError(t, ctx.Err(), "it goes on: %s", &stderr)
	var ended *exec.ExitError
	require.ErrorAs(t, err, &ended)
	require.Positive(t, ended.ExitCode(), "%v", ended)
	require.Empty(t, stdout.String(), "there is no handshake")
	for _, sentence := range sentences {
		require.Contains(t, stderr.String(), sentence)
	}
	t.Logf("%s", &stderr)
}

package host

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
)

// definitions compiles a file, and leaves away what is not on the wire.
func definitions(t *testing.T, folder, name string) *descriptorpb.FileDescriptorProto {
	t.Helper()
	resolver := protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{folder}})
	files, err := (&protocompile.Compiler{Resolver: resolver}).Compile(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	file := protodesc.ToFileDescriptorProto(files[0])
	file.Name, file.Options, file.SourceCodeInfo = nil, nil, nil
	return file
}

func TestOurDefinitionsAreThoseOfGoPlugin(t *testing.T) {
	output, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/hashicorp/go-plugin").Output()
	if err != nil {
		t.Fatal(err)
	}
	published := filepath.Join(strings.TrimSpace(string(output)), "internal/plugin")
	for _, name := range []string{"broker.proto", "controller.proto", "stdio.proto"} {
		ours := definitions(t, "../../proto/plugin", name)
		theirs := definitions(t, published, "grpc_"+name)
		if !proto.Equal(ours, theirs) {
			t.Errorf("%s: ours is\n%v\npublished is\n%v", name, ours, theirs)
		}
	}
}

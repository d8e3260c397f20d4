package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/parser"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	// Registers otlpFiles.
	_ "go.opentelemetry.io/proto/otlp/collector/trace/v1"
)

const (
	idlModule    = "github.com/jaegertracing/jaeger-idl"
	jaegerModule = "github.com/jaegertracing/jaeger"
)

var otlpFiles = []string{
	"opentelemetry/proto/common/v1/common.proto",
	"opentelemetry/proto/resource/v1/resource.proto",
	"opentelemetry/proto/trace/v1/trace.proto",
	"opentelemetry/proto/collector/trace/v1/trace_service.proto",
}

// jaegerFiles compiles the .proto files of Jaeger's modules: whole packages of the current API, so that a
// new file is noticed, and the two files of the frozen one.
func jaegerFiles() ([]protoreflect.FileDescriptor, error) {
	folders, err := moduleFolders(idlModule, jaegerModule)
	if err != nil {
		return nil, err
	}
	idl := filepath.Join(folders[idlModule], "proto")
	roots := []string{
		idl,
		filepath.Join(idl, "api_v2"),
		filepath.Join(folders[jaegerModule], "internal/storage/v1/grpc/proto"),
	}
	names := []string{"storage.proto", "model.proto"}
	for _, pattern := range []string{"storage/v2/*.proto", "expression/v1/*.proto"} {
		found, err := filepath.Glob(filepath.Join(idl, pattern))
		if err != nil || len(found) == 0 {
			return nil, fmt.Errorf("no %s in %s %w", pattern, idl, err)
		}
		for _, path := range found {
			names = append(names, filepath.Join(filepath.Dir(pattern), filepath.Base(path)))
		}
	}
	compiler := protocompile.Compiler{Resolver: protocompile.WithStandardImports(protocompile.ResolverFunc(
		func(name string) (protocompile.SearchResult, error) { return resolve(roots, name) },
	))}
	compiled, err := compiler.Compile(context.Background(), names...)
	if err != nil {
		return nil, err
	}
	files := make([]protoreflect.FileDescriptor, len(compiled))
	for i, file := range compiled {
		files[i] = file
	}
	return files, nil
}

// moduleFolders downloads the modules in the versions of go.mod and says where they are.
func moduleFolders(modules ...string) (map[string]string, error) {
	command := exec.Command("go", append([]string{"mod", "download", "-json"}, modules...)...)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	folders := map[string]string{}
	for decoder := json.NewDecoder(output); ; {
		var module struct{ Path, Dir, Error string }
		if err := decoder.Decode(&module); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		if module.Error != "" {
			return nil, fmt.Errorf("%s: %s", module.Path, module.Error)
		}
		folders[module.Path] = module.Dir
	}
	return folders, command.Wait()
}

func resolve(roots []string, name string) (protocompile.SearchResult, error) {
	if file, err := protoregistry.GlobalFiles.FindFileByPath(name); err == nil {
		return protocompile.SearchResult{Desc: file}, nil
	}
	for _, root := range roots {
		if source, err := os.Open(filepath.Join(root, name)); err == nil {
			defer source.Close()
			file, err := parseWithoutAnnotations(name, source)
			return protocompile.SearchResult{Proto: file}, err
		}
	}
	return protocompile.SearchResult{}, fmt.Errorf("%s: not in the published modules", name)
}

// The options that gogoproto and OpenAPI add to messages and fields steer Go code and documents; what is
// on the wire does not depend on them, and their definitions are in neither module.
func parseWithoutAnnotations(name string, source io.Reader) (*descriptorpb.FileDescriptorProto, error) {
	handler := reporter.NewHandler(nil)
	syntax, err := parser.Parse(name, source, handler)
	if err != nil {
		return nil, err
	}
	result, err := parser.ResultFromAST(syntax, true, handler)
	if err != nil {
		return nil, err
	}
	file := result.FileDescriptorProto()
	file.Dependency = slices.DeleteFunc(file.Dependency, func(path string) bool {
		return path == "gogoproto/gogo.proto" || path == "gnostic/openapiv3/annotations.proto"
	})
	if file.Options != nil {
		file.Options.UninterpretedOption = standard(file.Options.UninterpretedOption)
	}
	for _, message := range file.MessageType {
		dropAnnotations(message)
	}
	return file, nil
}

func dropAnnotations(message *descriptorpb.DescriptorProto) {
	if message.Options != nil {
		message.Options.UninterpretedOption = standard(message.Options.UninterpretedOption)
	}
	for _, field := range message.Field {
		if field.Options != nil {
			field.Options.UninterpretedOption = standard(field.Options.UninterpretedOption)
		}
	}
	for _, nested := range message.NestedType {
		dropAnnotations(nested)
	}
}

// standard keeps the options that protobuf itself defines.
func standard(options []*descriptorpb.UninterpretedOption) []*descriptorpb.UninterpretedOption {
	return slices.DeleteFunc(options, func(option *descriptorpb.UninterpretedOption) bool {
		return option.Name[0].GetIsExtension()
	})
}

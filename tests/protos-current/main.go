// Protos-current holds the committed descriptors of crates/proto against the published definitions that
// proto/PROVENANCE.md names. Every difference is one line; any difference makes it exit 1.
package main

import (
	"fmt"
	"os"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

const descriptors = "../../crates/proto/src/gen/descriptors.bin"

func main() {
	differences, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "protos-current:", err)
		os.Exit(2)
	}
	for _, line := range differences {
		fmt.Println(line)
	}
	if len(differences) > 0 {
		os.Exit(1)
	}
}

func run() ([]string, error) {
	set, err := committed()
	if err != nil {
		return nil, err
	}
	ours, err := linked(set)
	if err != nil {
		return nil, err
	}
	theirs, err := published()
	if err != nil {
		return nil, err
	}
	ourFacts, theirFacts := factsOf(ours), factsOf(theirs)
	fmt.Printf("protos-current: %d facts of ours, %d published\n", len(ourFacts), len(theirFacts))
	return diff(ourFacts, theirFacts), nil
}

func committed() (*descriptorpb.FileDescriptorSet, error) {
	encoded, err := os.ReadFile(descriptors)
	if err != nil {
		return nil, err
	}
	set := &descriptorpb.FileDescriptorSet{}
	return set, proto.Unmarshal(encoded, set)
}

// linked resolves the names in our descriptors, and leaves out the files of Google's that they import.
func linked(set *descriptorpb.FileDescriptorSet) ([]protoreflect.FileDescriptor, error) {
	registry, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, err
	}
	var files []protoreflect.FileDescriptor
	registry.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if file.Package() != "google.protobuf" {
			files = append(files, file)
		}
		return true
	})
	return files, nil
}

func published() ([]protoreflect.FileDescriptor, error) {
	files, err := jaegerFiles()
	if err != nil {
		return nil, err
	}
	for _, path := range otlpFiles {
		file, err := protoregistry.GlobalFiles.FindFileByPath(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		files = append(files, file)
	}
	return files, nil
}

func diff(ours, theirs map[string]string) []string {
	used := map[string]bool{}
	var lines []string
	for name, their := range theirs {
		our, present := ours[name]
		switch omission := omissionOf(name); {
		case present && our != their:
			lines = append(lines, fmt.Sprintf("%s: ours is %q, published is %q", name, our, their))
		case !present && omission != "":
			used[omission] = true
		case !present:
			lines = append(lines, fmt.Sprintf("%s: missing in ours, published is %q", name, their))
		}
	}
	for name, our := range ours {
		if _, present := theirs[name]; !present {
			lines = append(lines, fmt.Sprintf("%s: only in ours, as %q", name, our))
		}
	}
	for name := range leftOut {
		if !used[name] {
			lines = append(lines, fmt.Sprintf("%s: listed as left out, but nothing published is missing", name))
		}
	}
	slices.Sort(lines)
	return lines
}

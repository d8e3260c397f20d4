package main

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Each change to our descriptors must be told in exactly one line that begins with the name of what changed.
func TestEveryKindOfDifferenceIsToldInOneLine(t *testing.T) {
	theirs, err := published()
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(file){
		"jaeger.storage.v2.Pagination.page_size: ours is": func(f file) {
			f.field("Pagination", "page_size").Number = proto.Int32(7)
		},
		"jaeger.storage.v2.TraceSummary.min_start_time_unix_nano: ours is": func(f file) {
			f.field("TraceSummary", "min_start_time_unix_nano").Type = descriptorpb.FieldDescriptorProto_TYPE_UINT64.Enum()
		},
		"jaeger.storage.v2.GetTracesRequest.query: ours is": func(f file) {
			f.field("GetTracesRequest", "query").Label = descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()
		},
		"jaeger.storage.v2.TraceReader.FindTraces: ours is": func(f file) {
			f.method("FindTraces").ServerStreaming = proto.Bool(false)
		},
		"jaeger.storage.v2.TraceReader.FindTraceIDs: ours is": func(f file) {
			f.method("FindTraceIDs").InputType = proto.String(".jaeger.storage.v2.FindTracesRequest")
		},
		"jaeger.storage.v2.Operation.kind: only in ours": func(f file) {
			f.message("Operation").Field = append(f.message("Operation").Field, &descriptorpb.FieldDescriptorProto{
				Name: proto.String("kind"), Number: proto.Int32(9),
				Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
			})
		},
		"jaeger.storage.v2.FindSpansResponse.next_page_token: missing in ours": func(f file) {
			f.message("FindSpansResponse").Field = f.message("FindSpansResponse").Field[:1]
		},
	} {
		set, err := committed()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range set.File {
			if f.GetName() == "jaeger/storage/v2/trace_storage.proto" {
				change(file{f})
			}
		}
		ours, err := linked(set)
		if err != nil {
			t.Fatal(err)
		}
		if got := diff(factsOf(ours), factsOf(theirs)); len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("want one line %q..., got %q", want, got)
		}
	}
}

type file struct {
	*descriptorpb.FileDescriptorProto
}

func (f file) message(name string) *descriptorpb.DescriptorProto {
	return find(f.MessageType, name)
}

func (f file) field(message, name string) *descriptorpb.FieldDescriptorProto {
	return find(f.message(message).Field, name)
}

func (f file) method(name string) *descriptorpb.MethodDescriptorProto {
	return find(f.Service[0].Method, name)
}

func find[T interface{ GetName() string }](list []T, name string) T {
	for _, item := range list {
		if item.GetName() == name {
			return item
		}
	}
	panic("no " + name)
}

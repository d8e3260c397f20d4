package main

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// What we leave out on purpose, with everything inside it, and why.
var leftOut = map[string]string{
	"opentelemetry.proto.common.v1.AnyValue.string_value_strindex": "index into the string table of the profiles signal; spans have none",
	"opentelemetry.proto.common.v1.KeyValue.key_strindex":          "index into the string table of the profiles signal; spans have none",

	"jaeger.expression.v1.OperatorDefinition": "describes the vocabulary inside the .proto file itself; never travels",
	"jaeger.expression.v1.LevelDefinition":    "describes the vocabulary inside the .proto file itself; never travels",
	"jaeger.expression.v1.Arity":              "describes the vocabulary inside the .proto file itself; never travels",
	"jaeger.expression.v1.Operand":            "describes the vocabulary inside the .proto file itself; never travels",
	"jaeger.expression.v1.operators":          "option of a .proto file; never travels",
	"jaeger.expression.v1.levels":             "option of a .proto file; never travels",
}

// omissionOf finds the entry of leftOut that covers a name, or "".
func omissionOf(name string) string {
	for omitted := range leftOut {
		if name == omitted || strings.HasPrefix(name, omitted+".") {
			return omitted
		}
	}
	return ""
}

// factsOf lists everything that two peers must agree on, by name.
func factsOf(files []protoreflect.FileDescriptor) map[string]string {
	facts := map[string]string{}
	for _, file := range files {
		addTypes(facts, file)
		for service := range all[protoreflect.ServiceDescriptor](file.Services()) {
			facts[string(service.FullName())] = "service"
			for method := range all[protoreflect.MethodDescriptor](service.Methods()) {
				facts[string(method.FullName())] = fmt.Sprintf("rpc (%s%s) returns (%s%s)",
					word(method.IsStreamingClient(), "stream "), method.Input().FullName(),
					word(method.IsStreamingServer(), "stream "), method.Output().FullName())
			}
		}
	}
	return facts
}

// scope is a file or a message: both hold messages, enums and extensions.
type scope interface {
	Messages() protoreflect.MessageDescriptors
	Enums() protoreflect.EnumDescriptors
	Extensions() protoreflect.ExtensionDescriptors
}

func addTypes(facts map[string]string, in scope) {
	for message := range all[protoreflect.MessageDescriptor](in.Messages()) {
		facts[string(message.FullName())] = "message"
		for field := range all[protoreflect.FieldDescriptor](message.Fields()) {
			facts[string(field.FullName())] = fieldFact(field)
		}
		addTypes(facts, message)
	}
	for enum := range all[protoreflect.EnumDescriptor](in.Enums()) {
		facts[string(enum.FullName())] = "enum"
		for value := range all[protoreflect.EnumValueDescriptor](enum.Values()) {
			facts[string(enum.FullName().Append(value.Name()))] = fmt.Sprintf("= %d", value.Number())
		}
	}
	for extension := range all[protoreflect.ExtensionDescriptor](in.Extensions()) {
		facts[string(extension.FullName())] = "extension of " + string(extension.ContainingMessage().FullName()) +
			": " + fieldFact(extension)
	}
}

func fieldFact(field protoreflect.FieldDescriptor) string {
	kind := field.Kind().String()
	switch {
	case field.Message() != nil:
		kind += " " + string(field.Message().FullName())
	case field.Enum() != nil:
		kind += " " + string(field.Enum().FullName())
	}
	oneof := ""
	// A oneof that stands for `optional` does not travel.
	if field.ContainingOneof() != nil && !field.ContainingOneof().IsSynthetic() {
		oneof = " in oneof " + string(field.ContainingOneof().Name())
	}
	return fmt.Sprintf("%s %s%s = %d%s", field.Cardinality(), word(field.IsPacked(), "packed "), kind, field.Number(), oneof)
}

// all iterates over one of protoreflect's lists.
func all[T any](list interface {
	Len() int
	Get(int) T
}) func(yield func(T) bool) {
	return func(yield func(T) bool) {
		for i := range list.Len() {
			if !yield(list.Get(i)) {
				return
			}
		}
	}
}

func word(on bool, text string) string {
	if on {
		return text
	}
	return ""
}

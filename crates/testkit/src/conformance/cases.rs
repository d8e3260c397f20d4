//! The list of cases.

use futures::FutureExt;
use futures::future::BoxFuture;

use super::expect::Outcome;
use super::store::OptOut::{
    AnswersEmptyProcesses, CutsHugeSpans, HasOneTenant, SearchesV2TextsOnly, SearchesWithoutTrees,
    WritesNoV1Spans,
};
use super::{
    OptOut, StoreUnderTest, bounds, getting, listing, ordering, searching, sizes, special_keys, summing,
    tenants, texts, writing,
};

/// One thing that every store must do.
pub(super) struct Case {
    pub(super) name: &'static str,
    /// Stores that cannot do it.
    pub(super) unless: &'static [OptOut],
    pub(super) run: for<'a> fn(&'a StoreUnderTest) -> BoxFuture<'a, Outcome>,
}

macro_rules! cases {
    ($($module:ident :: $case:ident $(unless $($opt_out:ident),+)?;)*) => {
        &[$(Case {
            name: concat!(stringify!($module), "::", stringify!($case)),
            unless: &[$($($opt_out),+)?],
            run: |store| $module::$case(store).boxed(),
        }),*]
    };
}

pub(super) const CASES: &[Case] = cases! {
    writing::every_field_comes_back;
    writing::every_field_of_v1_spans_comes_back unless WritesNoV1Spans;
    writing::v1_spans_without_process_come_back unless WritesNoV1Spans, AnswersEmptyProcesses;
    writing::odd_values_come_back;
    writing::odd_times_come_back;
    writing::spans_of_both_forms_make_one_trace unless WritesNoV1Spans;
    writing::exact_duplicates_collapse;
    writing::spans_that_share_an_id_are_all_kept;
    writing::one_trace_comes_over_many_writes;
    writing::one_write_brings_many_traces;
    writing::writes_at_the_same_time_are_all_found;
    writing::a_write_without_spans_changes_nothing;

    getting::an_empty_store_answers_nothing;
    getting::unknown_ids_are_left_out;
    getting::ids_are_answered_in_the_order_asked;
    getting::an_id_asked_twice_is_answered_once;
    getting::time_hints_leave_nothing_out;
    getting::ids_that_share_bytes_are_told_apart;

    searching::capabilities_are_declared;
    searching::attributes_are_found_in_each_place;
    searching::all_conditions_hold_on_one_span;
    searching::services_and_operations_are_compared_whole;
    searching::a_search_without_conditions_finds_everything;
    searching::trees_of_conditions_are_boolean unless SearchesWithoutTrees;
    searching::v1_spans_are_found_by_v1_text unless WritesNoV1Spans, SearchesV2TextsOnly;
    searching::spans_of_both_forms_are_found unless WritesNoV1Spans;

    texts::values_are_compared_as_text;
    texts::values_are_compared_as_v1_text unless SearchesV2TextsOnly;
    texts::any_value_of_a_repeated_key_matches;
    texts::keys_and_texts_are_literal;

    bounds::durations_are_inclusive_to_the_nanosecond;
    bounds::starts_are_inclusive_to_the_nanosecond;
    bounds::whole_traces_are_answered;
    bounds::traces_may_last_days;

    special_keys::fields_are_found_under_special_keys;
    special_keys::fields_are_found_under_v1_tags unless SearchesV2TextsOnly;
    special_keys::v1_tags_are_found_under_special_keys unless WritesNoV1Spans;

    ordering::the_newest_matching_start_comes_first;
    ordering::equal_starts_are_ordered_by_id;
    ordering::every_limit_keeps_the_newest;
    ordering::spans_that_do_not_match_do_not_count;
    ordering::spans_outside_the_range_do_not_count;
    ordering::the_order_of_writes_does_not_count;

    listing::services_are_sorted_and_listed_once;
    listing::operations_are_listed_by_name_and_kind;
    listing::operations_of_one_kind_are_listed_alone;
    listing::overlong_and_empty_names_are_not_listed_but_found;
    listing::many_services_are_all_listed;
    listing::services_of_v1_spans_are_listed unless WritesNoV1Spans;

    summing::summaries_cover_whole_traces;
    summing::duplicates_count_once_in_summaries;

    sizes::a_trace_has_ten_thousand_spans;
    sizes::repeated_ids_are_visible;
    sizes::a_span_has_five_thousand_attributes;
    sizes::a_value_has_five_hundred_kilobytes;
    sizes::a_value_has_five_megabytes unless CutsHugeSpans;
    sizes::many_traces_are_found_at_once;

    tenants::tenants_do_not_see_each_other unless HasOneTenant;
    tenants::tenant_names_are_compared_whole unless HasOneTenant;
};

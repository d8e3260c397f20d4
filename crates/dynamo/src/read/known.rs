//! Windows and blocks that need not be read again. Nothing depends on it but the cost of reads.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jaeger_dynamodb_core::Tenant;

use crate::derived::BlockManifest;
use crate::window::{Block, Derived, MAX_OPEN_SECONDS, Window, WindowItem};

/// What a process knows of the windows of all tenants.
#[derive(Debug, Default)]
pub(crate) struct KnownWindows {
    by_tenant: Mutex<HashMap<Tenant, Known>>,
}

/// What it knows of one tenant's. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// Closed windows that are read by their manifests: they never change again.
    pub(super) settled: Arc<BTreeMap<Window, Arc<WindowItem>>>,
    /// When the first of them expires, the service's Unix seconds.
    pub(super) next_expiry: u64,
    /// Other closed windows: of these only how far they are derived can change.
    pub(super) unsettled: BTreeMap<Window, Arc<WindowItem>>,
    /// Windows that were open when they were read last.
    pub(super) open: Vec<Arc<WindowItem>>,
    /// Every window that starts earlier is closed and, if it exists, known.
    pub(super) complete_before: u64,
    /// When windows without a manifest were looked at last, the service's Unix seconds.
    pub(super) rechecked: u64,
    pub(super) blocks: Arc<BTreeMap<Block, Arc<BlockManifest>>>,
    /// When blocks were looked for last.
    pub(super) blocks_checked: u64,
    pub(super) sources: Arc<PointerSources>,
    /// Windows and blocks of which something is missing or damaged: they are read from the log, or window by window.
    pub(super) distrusted: Arc<HashSet<Source>>,
}

/// Where the pointers of all settled windows are.
#[derive(Debug, Default)]
pub(super) struct PointerSources {
    pub(super) blocks: Vec<(Block, Arc<BlockManifest>)>,
    /// Those that none of these blocks has merged, oldest first.
    pub(super) windows: Vec<Arc<WindowItem>>,
}

/// Something derived that a reader may come to distrust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Source {
    Window(Window),
    Block(Block),
}

/// What a snapshot has read.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) windows: Vec<Arc<WindowItem>>,
    pub(super) blocks: Option<BTreeMap<Block, Arc<BlockManifest>>>,
    /// What the service's time had reached before the read was sent, and after it was answered.
    pub(super) reached: u64,
    pub(super) now: u64,
    /// The read included all windows without a manifest.
    pub(super) is_recheck: bool,
}

impl KnownWindows {
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    pub(super) fn of(&self, tenant: &Tenant) -> Known {
        self.lock().get(tenant).cloned().unwrap_or_default()
    }

    pub(super) fn learn(&self, tenant: &Tenant, known: Known, settle: u64) {
        let mut by_tenant = self.lock();
        let present = by_tenant.entry(tenant.clone()).or_default();
        if present.complete_before <= known.complete_before {
            let distrusted = Arc::clone(&present.distrusted);
            *present = known;
            present.distrusted = distrusted;
            if !present.distrusted.is_empty() {
                // The query may have begun before another one came to distrust a block.
                present.find_sources(present.rechecked, settle);
            }
        }
    }

    /// From now on the source is not read any more.
    pub(super) fn distrust(&self, tenant: &Tenant, source: Source, settle: u64) {
        let mut by_tenant = self.lock();
        let known = by_tenant.entry(tenant.clone()).or_default();
        Arc::make_mut(&mut known.distrusted).insert(source);
        known.find_sources(known.rechecked, settle);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Tenant, Known>> {
        self.by_tenant.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Start of the oldest closed window without a manifest.
    pub(super) fn oldest_not_done(&self) -> Option<u64> {
        let not_done = self.unsettled.values().filter(|item| item.derived == Derived::NotYet);
        not_done.map(|item| item.window.start()).min()
    }

    /// Whether there may be blocks that are not known yet: one whose windows are all settled, and closed by now.
    pub(super) fn may_have_new_blocks(&self, now: u64) -> bool {
        let oldest = self.sources.windows.first();
        oldest.is_some_and(|item| Block::of(item.window).is_closed_at(now, item.terms.grace))
    }

    /// The same with what a read has seen.
    pub(super) fn with(mut self, seen: Seen, settle: u64) -> Self {
        let now = seen.now;
        self.open.clear();
        for item in seen.windows {
            // One that has a manifest is closed, however long ago this process has heard the time.
            if !item.is_closed_at(seen.reached) && item.manifest().is_none() {
                self.open.push(item);
            } else if !self.settled.contains_key(&item.window) {
                self.unsettled.insert(item.window, item);
            }
        }
        let found_blocks = seen.blocks.is_some();
        if let Some(blocks) = seen.blocks {
            Arc::make_mut(&mut self.blocks).extend(blocks);
            self.blocks_checked = now;
        }
        if seen.is_recheck {
            self.rechecked = now;
        }
        let is_settled =
            |item: &WindowItem| item.manifest().is_some_and(|manifest| manifest.published + settle <= now);
        let newly_settled: Vec<_> = self.unsettled.extract_if(.., |_, item| is_settled(item)).collect();
        let is_expired = |item: &Arc<WindowItem>| item.is_expired_at(now);
        if !newly_settled.is_empty() || self.next_expiry <= now || found_blocks {
            let settled = Arc::make_mut(&mut self.settled);
            settled.extend(newly_settled);
            settled.retain(|_, item| !is_expired(item));
            self.next_expiry = settled.values().map(|item| item.terms.expiry).min().unwrap_or(u64::MAX);
            self.find_sources(now, settle);
        }
        self.unsettled.retain(|_, item| !is_expired(item));
        self.open.retain(|item| !is_expired(item));
        // A window that starts more than `MAX_OPEN_SECONDS` before `reached` is closed by then, whatever the settings of
        // whoever made it, and even if nobody has made it yet. One that claims to be open for longer is waited for.
        let open = self.open.iter().map(|item| item.window.start());
        self.complete_before = open.fold(seen.reached.saturating_sub(MAX_OPEN_SECONDS), u64::min);
        self
    }

    fn find_sources(&mut self, now: u64, settle: u64) {
        let settled = &self.settled;
        Arc::make_mut(&mut self.blocks)
            .retain(|_, manifest| manifest.members.iter().any(|member| settled.contains_key(&member.window)));
        let is_usable = |(block, manifest): &(&Block, &Arc<BlockManifest>)| {
            manifest.published + settle <= now && !self.distrusted.contains(&Source::Block(**block))
        };
        let blocks: Vec<_> = self
            .blocks
            .iter()
            .filter(is_usable)
            .map(|(block, manifest)| (*block, Arc::clone(manifest)))
            .collect();
        let merged: HashSet<_> = blocks
            .iter()
            .flat_map(|(_, manifest)| manifest.members.iter().map(|member| member.window))
            .collect();
        let windows = settled.values().filter(|item| !merged.contains(&item.window)).cloned().collect();
        self.sources = Arc::new(PointerSources { blocks, windows });
    }
}

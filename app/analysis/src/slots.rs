//! Lists whose places are used again: what refers to an entry by its number stays right.

/// Puts an entry into a free place, or behind the last one; returns its number.
pub(crate) fn put<T>(slots: &mut Vec<T>, free: &mut Vec<u32>, new: T) -> u32 {
    match free.pop() {
        Some(slot) => {
            slots[slot as usize] = new;
            slot
        }
        None => {
            slots.push(new);
            (slots.len() - 1) as u32
        }
    }
}

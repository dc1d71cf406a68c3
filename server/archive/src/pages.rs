//! A group of rows whose pages are looked at before they are decoded: a page of a damaged file that refers to a
//! dictionary which never came is an error here, where the decoder would panic.

use parquet::{
    basic::Encoding,
    bloom_filter::Sbbf,
    column::page::{Page, PageMetadata, PageReader},
    errors::{ParquetError, Result},
    file::{metadata::RowGroupMetaData, reader::RowGroupReader},
    record::reader::RowIter,
    schema::types::Type,
};

/// The same group with sound pages.
pub struct Sound<'a>(pub Box<dyn RowGroupReader + 'a>);

impl RowGroupReader for Sound<'_> {
    fn metadata(&self) -> &RowGroupMetaData {
        self.0.metadata()
    }

    fn num_columns(&self) -> usize {
        self.0.num_columns()
    }

    fn get_column_page_reader(&self, place: usize) -> Result<Box<dyn PageReader>> {
        let pages = self.0.get_column_page_reader(place)?;
        Ok(Box::new(SoundPages {
            pages,
            has_dictionary: false,
        }))
    }

    fn get_column_bloom_filter(&self, place: usize) -> Option<&Sbbf> {
        self.0.get_column_bloom_filter(place)
    }

    fn get_row_iter(&self, projection: Option<Type>) -> Result<RowIter<'_>> {
        RowIter::from_row_group(projection, self)
    }
}

struct SoundPages {
    pages: Box<dyn PageReader>,
    has_dictionary: bool,
}

impl PageReader for SoundPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        if let Some(page) = &page {
            let refers = matches!(
                page.encoding(),
                Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY
            );
            match page {
                Page::DictionaryPage { .. } => self.has_dictionary = true,
                _ if refers && !self.has_dictionary => {
                    return Err(ParquetError::General("a dictionary is missing".into()));
                }
                _ => {}
            }
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

impl Iterator for SoundPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

"""Words too common to tell one text from another, Russian and English.

A stop-word is its own token: the normaliser neither lemmatises nor stems it, so that this set
serves for raw words (lower-cased, ё folded into е) and for normalised tokens alike. Words that
are also names or things («US») are left out.
"""

_RUSSIAN = """
а без более бы был была были было быть в вам вами вас весь во вот все всего всей всем всеми всех
всю всю вы да для до его ее ей ему если есть еще же за здесь и из или им ими их к как какая какие
какой когда кого ком кому которая которого которое которой котором которому которую которые
который которым которых кто куда ли либо лишь между меня мне мной мной можно мой моя мы на над
надо нам нами нас наш наша не него нее ней нем нет ни нибудь ним ними них но ну о об однако он она
они оно от ото очень перед по под после потом потому почти при про с сам сама сами самый свое
своего своей своем своему свои своим своих свой свою себе себя со собой так также такая такие
такого такое такой там тебе тебя тем теми то тобой тоже той только том тому тот тою ту тут ты уже
чего чем чему через что чтоб чтобы эта эти этим этими этих это этого этой этом этому этот эту я
"""

_ENGLISH = """
a about after all also am an and any are as at be because been before being between both but by
can could did do does doing down during each for from had has have having he her here hers him
himself his how i if in into is it its itself just me more most my myself no nor not of off on
once only or other our ours out over own same she should so some such than that the their theirs
them then there these they this those through to too under until up very was we were what when
where which while who whom why will with would you your yours
"""

STOP_WORDS: frozenset[str] = frozenset(_RUSSIAN.split()) | frozenset(_ENGLISH.split())
